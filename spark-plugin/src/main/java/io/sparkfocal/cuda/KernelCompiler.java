package io.sparkfocal.cuda;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.bytedeco.cuda.global.nvrtc;
import org.bytedeco.cuda.nvrtc._nvrtcProgram;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.PointerPointer;
import org.bytedeco.javacpp.SizeTPointer;

/** CUDA C++ to machine code, by NVRTC. */
final class KernelCompiler {

  private static final CudaLibraries NVRTC =
      new CudaLibraries(
          "NVRTC",
          "NVRTC",
          () -> CudaLibraries.linkedBy(org.bytedeco.cuda.presets.nvrtc.class, "nvrtc"),
          () -> nvrtc.nvrtcVersion(new int[1], new int[1]));

  private KernelCompiler() {}

  /**
   * Compiles for GPUs of one compute capability.
   *
   * <p>For a GPU that is newer than the compiler, the result is PTX, which the driver translates.
   *
   * @param capability ten times the number, as 90 for 9.0
   * @param options {@code -DNAME=VALUE} and others of NVRTC
   * @return a cubin, or PTX with a zero at its end: both are what {@code cuModuleLoadData} takes
   * @throws IllegalStateException if NVRTC is missing or refuses the source
   */
  static byte[] compile(String name, String source, int capability, List<String> options) {
    CudaLibraries.CUDA.require();
    NVRTC.require();
    int newest = newestCapability(capability);
    List<String> all = new ArrayList<>(options);
    all.add("--gpu-architecture=" + (newest == capability ? "sm_" : "compute_") + newest);
    try (_nvrtcProgram program = new _nvrtcProgram();
        BytePointer text = new BytePointer(source);
        BytePointer title = new BytePointer(name);
        PointerPointer<BytePointer> arguments = new PointerPointer<>(all.toArray(new String[0]))) {
      check(
          nvrtc.nvrtcCreateProgram(
              program, text, title, 0, (PointerPointer<?>) null, (PointerPointer<?>) null),
          name);
      try {
        int result = nvrtc.nvrtcCompileProgram(program, all.size(), arguments);
        if (result != nvrtc.NVRTC_SUCCESS) {
          throw new IllegalStateException(
              "NVRTC does not compile %s with %s (%s): %s"
                  .formatted(name, all, error(result), log(program)));
        }
        return newest == capability ? cubin(program, name) : ptx(program, name);
      } finally {
        nvrtc.nvrtcDestroyProgram(program);
      }
    }
  }

  /** The capability itself if NVRTC knows it, else the newest below it that it knows. */
  private static int newestCapability(int capability) {
    int[] count = new int[1];
    check(nvrtc.nvrtcGetNumSupportedArchs(count), "its architectures");
    int[] known = new int[count[0]];
    check(nvrtc.nvrtcGetSupportedArchs(known), "its architectures");
    int newest = -1;
    for (int architecture : known) {
      if (architecture <= capability) {
        newest = Math.max(newest, architecture);
      }
    }
    if (newest < 0) {
      throw new IllegalStateException(
          String.format(
              Locale.ROOT,
              "NVRTC compiles for no GPU as old as compute capability %.1f.",
              capability / 10.0));
    }
    return newest;
  }

  private static byte[] cubin(_nvrtcProgram program, String name) {
    try (SizeTPointer size = new SizeTPointer(1)) {
      check(nvrtc.nvrtcGetCUBINSize(program, size), name);
      byte[] code = new byte[Math.toIntExact(size.get())];
      check(nvrtc.nvrtcGetCUBIN(program, code), name);
      return code;
    }
  }

  private static byte[] ptx(_nvrtcProgram program, String name) {
    try (SizeTPointer size = new SizeTPointer(1)) {
      check(nvrtc.nvrtcGetPTXSize(program, size), name);
      byte[] code = new byte[Math.toIntExact(size.get())];
      check(nvrtc.nvrtcGetPTX(program, code), name);
      return code;
    }
  }

  private static String log(_nvrtcProgram program) {
    try (SizeTPointer size = new SizeTPointer(1)) {
      check(nvrtc.nvrtcGetProgramLogSize(program, size), "its log");
      try (BytePointer text = new BytePointer(Math.max(1, size.get()))) {
        check(nvrtc.nvrtcGetProgramLog(program, text), "its log");
        return text.getString().strip();
      }
    }
  }

  private static void check(int result, String what) {
    if (result != nvrtc.NVRTC_SUCCESS) {
      throw new IllegalStateException("NVRTC fails at %s: %s.".formatted(what, error(result)));
    }
  }

  private static String error(int result) {
    return nvrtc.nvrtcGetErrorString(result).getString();
  }
}
