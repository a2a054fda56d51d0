package io.sparkfocal.cuda;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.bytedeco.cuda.cudart.CUctx_st;
import org.bytedeco.cuda.cupti.CUpti_BuffersCallbackCompleteFunc;
import org.bytedeco.cuda.cupti.CUpti_BuffersCallbackRequestFunc;
import org.bytedeco.cuda.global.cudart;
import org.bytedeco.cuda.global.cupti;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerPointer;
import org.bytedeco.javacpp.SizeTPointer;
import org.jspecify.annotations.Nullable;

/**
 * Records what a GPU does and what it is asked to do, by CUPTI's activities: every kernel, copy and
 * fill, whoever launched it, and every call of the CUDA runtime and driver.
 *
 * <p>Recording costs each launch a few microseconds; times on the GPU itself stay right. One trace
 * at a time in a JVM. The offsets below are those that {@code cupti_activity.h} of CUDA 12 and 13
 * share.
 */
public final class GpuTrace implements AutoCloseable {

  private static final CudaLibraries CUPTI =
      new CudaLibraries(
          "CUPTI",
          "CUPTI",
          () -> CudaLibraries.linkedBy(org.bytedeco.cuda.presets.cupti.class, "cupti"),
          () -> cupti.cuptiGetTimestamp(new long[1]));

  private static final int BUFFER_BYTES = 1 << 20;
  private static final int COPY_KIND_OFFSET = 4;
  private static final int CALL_NUMBER_OFFSET = 4;
  private static final int COPY_BYTES_OFFSET = 8;
  private static final int CALL_START_OFFSET = 8;
  private static final int START_OFFSET = 16;
  private static final int END_OFFSET = 24;

  /** Of which CUPTI is told once, and which native code may call at any time afterwards. */
  private static final class Buffers {

    static final Buffers ONLY = new Buffers();

    private final List<GpuActivity.Interval> intervals = new ArrayList<>();
    private final List<Call> calls = new ArrayList<>();

    private final CUpti_BuffersCallbackRequestFunc request =
        new CUpti_BuffersCallbackRequestFunc() {
          @Override
          @SuppressWarnings("rawtypes") // as in the binding
          public void call(PointerPointer buffer, SizeTPointer size, SizeTPointer records) {
            buffer.put(0, Pointer.malloc(BUFFER_BYTES));
            size.put(BUFFER_BYTES);
            records.put(0);
          }
        };

    private final CUpti_BuffersCallbackCompleteFunc complete =
        new CUpti_BuffersCallbackCompleteFunc() {
          @Override
          public void call(
              CUctx_st context, int stream, BytePointer buffer, long size, long validSize) {
            read(buffer, validSize);
            Pointer.free(buffer);
          }
        };

    private boolean registered;

    synchronized void register() {
      if (!registered) {
        check(
            "cuptiActivityRegisterCallbacks",
            cupti.cuptiActivityRegisterCallbacks(request, complete));
        registered = true;
      }
    }

    private synchronized void read(BytePointer buffer, long bytes) {
      try (PointerPointer<BytePointer> next = new PointerPointer<>(1)) {
        next.put(0, (Pointer) null);
        while (cupti.cuptiActivityGetNextRecord(buffer, bytes, next) == cupti.CUPTI_SUCCESS) {
          add(next.get(BytePointer.class, 0));
        }
      }
    }

    private void add(BytePointer activity) {
      int kind = activity.getInt(0);
      switch (kind) {
        case cupti.CUPTI_ACTIVITY_KIND_RUNTIME, cupti.CUPTI_ACTIVITY_KIND_DRIVER ->
            calls.add(
                new Call(
                    kind == cupti.CUPTI_ACTIVITY_KIND_RUNTIME
                        ? cupti.CUPTI_CB_DOMAIN_RUNTIME_API
                        : cupti.CUPTI_CB_DOMAIN_DRIVER_API,
                    activity.getInt(CALL_NUMBER_OFFSET),
                    activity.getLong(CALL_START_OFFSET)));
        case cupti.CUPTI_ACTIVITY_KIND_CONCURRENT_KERNEL ->
            add(GpuActivity.Work.KERNEL, 0, activity);
        case cupti.CUPTI_ACTIVITY_KIND_MEMSET -> add(GpuActivity.Work.FILL, 0, activity);
        case cupti.CUPTI_ACTIVITY_KIND_MEMCPY ->
            add(
                activity.get(COPY_KIND_OFFSET) == cupti.CUPTI_ACTIVITY_MEMCPY_KIND_DTOD
                    ? GpuActivity.Work.DEVICE_COPY
                    : GpuActivity.Work.HOST_COPY,
                activity.getLong(COPY_BYTES_OFFSET),
                activity);
        default -> {}
      }
    }

    private void add(GpuActivity.Work work, long bytes, BytePointer activity) {
      intervals.add(
          new GpuActivity.Interval(
              work, bytes, activity.getLong(START_OFFSET), activity.getLong(END_OFFSET)));
    }

    synchronized void clear() {
      intervals.clear();
      calls.clear();
    }

    synchronized GpuActivity between(long start, long lastCall, long end) {
      Map<String, Integer> counts = new TreeMap<>();
      for (Call call : calls) {
        if (call.start >= start && call.start <= lastCall) {
          counts.merge(call.name(), 1, Integer::sum);
        }
      }
      return GpuActivity.of(
          intervals.stream().filter(i -> i.start() >= start && i.end() <= end).toList(),
          counts,
          end - start);
    }
  }

  private record Call(int domain, int number, long start) {

    /** As cudaLaunchKernel, without the version that CUPTI puts behind it. */
    String name() {
      try (PointerPointer<BytePointer> text = new PointerPointer<>(1)) {
        check("cuptiGetCallbackName", cupti.cuptiGetCallbackName(domain, number, text));
        return text.get(BytePointer.class, 0).getString().replaceFirst("_v\\d+$", "");
      }
    }
  }

  private static final int[] KINDS = {
    cupti.CUPTI_ACTIVITY_KIND_CONCURRENT_KERNEL,
    cupti.CUPTI_ACTIVITY_KIND_MEMCPY,
    cupti.CUPTI_ACTIVITY_KIND_MEMSET,
    cupti.CUPTI_ACTIVITY_KIND_RUNTIME,
    cupti.CUPTI_ACTIVITY_KIND_DRIVER
  };

  private final Gpu gpu;
  private final Buffers buffers;
  private final long start;

  private GpuTrace(Gpu gpu) {
    this.gpu = gpu;
    this.buffers = Buffers.ONLY;
    buffers.register();
    waitForGpu();
    buffers.clear();
    for (int kind : KINDS) {
      check("cuptiActivityEnable", cupti.cuptiActivityEnable(kind));
    }
    this.start = now();
  }

  /**
   * Begins to record, once the GPU has done what it was asked to.
   *
   * @param gpu number in this process
   * @throws IllegalStateException if CUDA or CUPTI is missing or fails
   */
  public static GpuTrace begin(int gpu) {
    Gpu chosen = Gpu.of(gpu);
    CUPTI.require();
    return new GpuTrace(chosen);
  }

  /**
   * What was recorded until now, the calls that were made until now with all that they ask of the
   * GPU.
   *
   * @throws IllegalStateException if CUDA or CUPTI fails
   */
  public GpuActivity end() {
    long lastCall = now();
    waitForGpu();
    long end = now();
    check(
        "cuptiActivityFlushAll",
        cupti.cuptiActivityFlushAll(cupti.CUPTI_ACTIVITY_FLAG_FLUSH_FORCED));
    return buffers.between(start, lastCall, end);
  }

  /** Stops recording. */
  @Override
  public void close() {
    for (int kind : KINDS) {
      cupti.cuptiActivityDisable(kind);
    }
    cupti.cuptiActivityFlushAll(cupti.CUPTI_ACTIVITY_FLAG_FLUSH_FORCED);
    buffers.clear();
  }

  private void waitForGpu() {
    gpu.select();
    gpu.check("cudaDeviceSynchronize", cudart.cudaDeviceSynchronize());
  }

  private static long now() {
    long[] nanos = new long[1];
    check("cuptiGetTimestamp", cupti.cuptiGetTimestamp(nanos));
    return nanos[0];
  }

  private static void check(String call, int result) {
    if (result != cupti.CUPTI_SUCCESS) {
      try (PointerPointer<BytePointer> text = new PointerPointer<>(1)) {
        cupti.cuptiGetResultString(result, text);
        @Nullable BytePointer known = text.get(BytePointer.class, 0);
        throw new IllegalStateException(
            "%s failed: %s (%s)."
                .formatted(call, known == null ? "unknown" : known.getString(), result));
      }
    }
  }
}
