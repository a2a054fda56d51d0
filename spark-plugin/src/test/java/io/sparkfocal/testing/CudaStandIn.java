package io.sparkfocal.testing;

import io.sparkfocal.cuda.CudaLibraries;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.bytedeco.cuda.global.cudart;

/**
 * Stand-ins for libcuda, libcudart, libnvrtc, libcupti and libnccl, compiled from {@code
 * src/test/c} under the names that the binding is linked to: their devices' memory is the host's.
 */
public final class CudaStandIn {

  private static final Path SOURCES = sources();
  private static final String CUDA = file(org.bytedeco.cuda.presets.cudart.class, "cuda");
  private static final String RUNTIME = file(org.bytedeco.cuda.presets.cudart.class, "cudart");
  private static final String NVRTC = file(org.bytedeco.cuda.presets.nvrtc.class, "nvrtc");
  private static final String CUPTI = file(org.bytedeco.cuda.presets.cupti.class, "cupti");
  private static final String NCCL = file(org.bytedeco.cuda.presets.nccl.class, "nccl");

  /** One for each version of CUDA. */
  private static final Path BUILT = Path.of("target", "cuda-stand-in-" + RUNTIME).toAbsolutePath();

  /** The version of symbols without which Bytedeco's layer does not find them. */
  private static final Path VERSIONS = BUILT.resolve("versions.map");

  private static final List<List<String>> LIBRARIES =
      List.of(
          List.of(CUDA, "cuda_stand_in.c"),
          List.of(
              RUNTIME,
              "cudart_stand_in.c",
              "-Wl,--version-script=" + VERSIONS,
              BUILT.resolve(CUDA).toString()),
          List.of(
              "nvrtc/" + NVRTC,
              "nvrtc_stand_in.c",
              "-DKERNEL_HOST=\"" + SOURCES.resolve("kernel_host.h") + "\""),
          List.of(CUPTI, "cupti_stand_in.c"),
          List.of(NCCL, "nccl_stand_in.c", BUILT.resolve(RUNTIME).toString()));

  /** What the stand-ins count, told as attributes of a device. */
  public enum Counter {
    /** Calls of cudaHostAlloc. */
    HOST_ALLOCATIONS(0x7fc00000),
    /** Calls of cudaFreeHost. */
    HOST_FREES(0x7fc00001),
    /** Communicators that were neither destroyed nor aborted. */
    COMMUNICATORS(0x7fc00002),
    /** Streams that were not destroyed. */
    STREAMS(0x7fc00003);

    private final int attribute;

    Counter(int attribute) {
      this.attribute = attribute;
    }

    /** So far in this process, which has loaded the stand-ins. */
    public int now() {
      return attributeOfADevice(attribute);
    }
  }

  private static int attributeOfADevice(int attribute) {
    int[] value = new int[1];
    int result = cudart.cudaDeviceGetAttribute(value, attribute, 0);
    if (result != cudart.cudaSuccess) {
      throw new IllegalStateException("What is loaded is no stand-in: " + result);
    }
    return value[0];
  }

  private CudaStandIn() {}

  /** Whether there is a C compiler; prints why not. */
  public static boolean isAvailable() {
    try {
      return new ProcessBuilder("cc", "--version")
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start()
              .waitFor()
          == 0;
    } catch (IOException e) {
      System.err.println("No C compiler (cc), so no stand-ins for CUDA: " + e.getMessage());
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  /** The folder of the compiled libraries but NVRTC. */
  public static synchronized Path folder() throws IOException, InterruptedException {
    Files.createDirectories(BUILT.resolve("nvrtc"));
    Files.writeString(VERSIONS, RUNTIME + " { global: *; };");
    for (List<String> library : LIBRARIES) {
      compile(library);
    }
    return BUILT;
  }

  /** The folders of all libraries, as a path. */
  public static String folders() throws IOException, InterruptedException {
    return folder() + File.pathSeparator + BUILT.resolve("nvrtc");
  }

  private static String file(Class<?> presets, String library) {
    return CudaLibraries.linkedBy(presets, library).get(0);
  }

  private static void compile(List<String> library) throws IOException, InterruptedException {
    String name = library.get(0);
    Path source = SOURCES.resolve(library.get(1));
    Path target = BUILT.resolve(name);
    if (Files.exists(target)
        && Files.getLastModifiedTime(target).compareTo(Files.getLastModifiedTime(source)) > 0) {
      return;
    }
    List<String> command =
        new java.util.ArrayList<>(
            List.of("cc", "-shared", "-fPIC", "-O2", "-Wall", "-Wextra", "-Werror", "-pthread"));
    command.addAll(
        List.of("-Wl,-soname," + target.getFileName(), "-o", target.toString(), source.toString()));
    command.addAll(library.subList(2, library.size()));
    Process compiler = new ProcessBuilder(command).inheritIO().start();
    if (!compiler.waitFor(60, TimeUnit.SECONDS) || compiler.exitValue() != 0) {
      throw new IOException("Cannot compile " + source);
    }
  }

  /** From the module of the plugin, or from that of its suite on Spark 3.5 beside it. */
  private static Path sources() {
    Path own = Path.of("src", "test", "c").toAbsolutePath();
    return Files.isDirectory(own)
        ? own
        : Path.of("..", "spark-plugin", "src", "test", "c").toAbsolutePath().normalize();
  }
}
