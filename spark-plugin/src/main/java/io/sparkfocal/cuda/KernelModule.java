package io.sparkfocal.cuda;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.bytedeco.cuda.cudart.CUfunc_st;
import org.bytedeco.cuda.cudart.CUmod_st;
import org.bytedeco.cuda.cudart.CUstream_st;
import org.bytedeco.cuda.global.cudart;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.PointerPointer;
import org.jspecify.annotations.Nullable;

/**
 * The kernels of one source, with the prelude that lies beside it, compiled for one GPU with one
 * choice of macros, and launched there on the legacy default stream, which is PyTorch's.
 *
 * <p>Compiled once per JVM. May be used by several threads.
 */
public final class KernelModule {

  /** Threads of a block, as in the prelude. */
  public static final int THREADS = 256;

  private static final String PRELUDE = "prelude.cu";

  private record Key(int gpu, String name, List<String> macros) {}

  private static final Map<Key, KernelModule> LOADED = new ConcurrentHashMap<>();

  private final Gpu gpu;
  private final String name;
  private final CUmod_st module = new CUmod_st();
  private final Map<String, CUfunc_st> kernels = new ConcurrentHashMap<>();
  private final int multiprocessors;

  private KernelModule(int gpu, String name, String source, List<String> macros) {
    this.gpu = Gpu.of(gpu);
    this.name = name;
    this.gpu.select();
    // Makes the context, if nobody has yet.
    this.gpu.check("cudaFree", cudart.cudaFree(null));
    multiprocessors = this.gpu.attribute(cudart.cudaDevAttrMultiProcessorCount);
    int capability =
        10 * this.gpu.attribute(cudart.cudaDevAttrComputeCapabilityMajor)
            + this.gpu.attribute(cudart.cudaDevAttrComputeCapabilityMinor);
    try (BytePointer code =
        new BytePointer(KernelCompiler.compile(name, source, capability, macros))) {
      checkDriver("cuModuleLoadData", cudart.cuModuleLoadData(module, code));
    }
  }

  /**
   * The kernels of a source.
   *
   * @param gpu number in this process
   * @param owner a class beside whose resource the source lies
   * @param name of the resource
   * @param macros {@code NAME=VALUE}
   * @throws IllegalStateException if CUDA or NVRTC is missing or fails
   */
  public static KernelModule of(int gpu, Class<?> owner, String name, List<String> macros) {
    return LOADED.computeIfAbsent(
        new Key(gpu, owner.getPackageName() + "/" + name, macros),
        key ->
            new KernelModule(
                gpu,
                name,
                source(owner, name),
                macros.stream().map(macro -> "-D" + macro).toList()));
  }

  /** A source behind the prelude that lies beside it; its lines keep their numbers. */
  static String source(Class<?> owner, String name) {
    return "%s#line 1 \"%s\"%n%s".formatted(read(owner, PRELUDE), name, read(owner, name));
  }

  private static String read(Class<?> owner, String name) {
    try (InputStream source = owner.getResourceAsStream(name)) {
      if (source == null) {
        throw new IllegalStateException("The jar lacks " + name + "; build it again.");
      }
      return new String(source.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** How many blocks of that many threads cover {@code items}, at most so many per processor. */
  public int blocks(long items, int perMultiprocessor) {
    return blocksAtMost((long) multiprocessors * perMultiprocessor, items);
  }

  /** How many blocks of that many threads cover {@code items}, at most so many, on any GPU. */
  public static int blocksAtMost(long most, long items) {
    long all = (items + THREADS - 1) / THREADS;
    return (int) Math.max(1, Math.min(all, most));
  }

  /**
   * Launches a kernel after all that was launched before; does not wait for it.
   *
   * @param kernel name of a function of the source
   * @param blocks at least 1
   * @throws IllegalStateException if CUDA refuses
   */
  public void launch(String kernel, long blocks, KernelArguments arguments) {
    gpu.select();
    CUfunc_st function = kernels.computeIfAbsent(kernel, this::find);
    checkDriver(
        "cuLaunchKernel",
        cudart.cuLaunchKernel(
            function,
            Math.toIntExact(blocks),
            1,
            1,
            THREADS,
            1,
            1,
            0,
            (@Nullable CUstream_st) null,
            arguments.parameters(),
            (@Nullable PointerPointer<?>) null));
  }

  private CUfunc_st find(String kernel) {
    CUfunc_st function = new CUfunc_st();
    checkDriver("cuModuleGetFunction", cudart.cuModuleGetFunction(function, module, kernel));
    return function;
  }

  private void checkDriver(String call, int result) {
    if (result != cudart.CUDA_SUCCESS) {
      try (PointerPointer<BytePointer> text = new PointerPointer<>(1)) {
        cudart.cuGetErrorName(result, text);
        BytePointer known = text.get(BytePointer.class, 0);
        throw gpu.failure(
            call + " for " + name, known == null ? "unknown" : known.getString(), result);
      }
    }
  }
}
