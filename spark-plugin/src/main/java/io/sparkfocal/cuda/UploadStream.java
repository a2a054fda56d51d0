package io.sparkfocal.cuda;

import ai.djl.ndarray.NDArray;
import io.sparkfocal.compat.DeviceBuffer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.bytedeco.cuda.cudart.CUevent_st;
import org.bytedeco.cuda.cudart.CUstream_st;
import org.bytedeco.cuda.global.cudart;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;
import org.jspecify.annotations.Nullable;

/**
 * Copies from pinned memory of the host to one GPU, on a stream of its own, so that PyTorch's
 * stream computes meanwhile.
 *
 * <p>What the copies replace may still be in use: {@link #waitForCompute} comes first. What they
 * bring is there for PyTorch after {@link Staging#arrive}. Not thread-safe.
 */
public final class UploadStream implements AutoCloseable {

  private final Gpu gpu;
  private final CUstream_st stream = new CUstream_st();
  private final CUevent_st computed;

  private UploadStream(Gpu gpu) {
    this.gpu = gpu;
    gpu.select();
    // One that blocks would wait for the legacy default stream, which is PyTorch's.
    gpu.check(
        "cudaStreamCreate", cudart.cudaStreamCreateWithFlags(stream, cudart.cudaStreamNonBlocking));
    computed = event();
  }

  /**
   * A stream to a GPU, by its number in this process.
   *
   * @throws IllegalStateException if CUDA does not load here or fails
   */
  public static UploadStream to(int gpu) {
    return new UploadStream(Gpu.of(gpu));
  }

  private CUevent_st event() {
    CUevent_st event = new CUevent_st();
    gpu.check(
        "cudaEventCreate", cudart.cudaEventCreateWithFlags(event, cudart.cudaEventDisableTiming));
    return event;
  }

  /** Notes what PyTorch has been given to do so far, for {@link #waitForCompute}. */
  public void noteCompute() {
    gpu.select();
    gpu.check("cudaEventRecord", cudart.cudaEventRecord(computed, null));
  }

  /** Lets the copies that follow wait for what was last noted. */
  public void waitForCompute() {
    gpu.select();
    gpu.check("cudaStreamWaitEvent", cudart.cudaStreamWaitEvent(stream, computed, 0));
  }

  /** New pinned memory of that many bytes, at least 1. */
  public Staging staging(long bytes) {
    return new Staging(bytes);
  }

  /** Frees the stream; the copies on it are done before. */
  @Override
  public void close() {
    gpu.select();
    cudart.cudaStreamSynchronize(stream);
    cudart.cudaEventDestroy(computed);
    cudart.cudaStreamDestroy(stream);
  }

  /** Pinned memory, and the copies out of it that are under way. */
  public final class Staging implements AutoCloseable {

    private final Pointer memory = new Pointer();
    private final CUevent_st uploaded;
    private final long bytes;

    private Staging(long bytes) {
      this.bytes = bytes;
      gpu.select();
      gpu.check(
          "cudaHostAlloc of " + bytes + " bytes",
          cudart.cudaHostAlloc(memory, bytes, cudart.cudaHostAllocDefault));
      uploaded = event();
    }

    /** How large the memory is. */
    public long bytes() {
      return bytes;
    }

    /** Returns when the copies out of it are done. */
    public void finish() {
      gpu.select();
      gpu.check("cudaEventSynchronize", cudart.cudaEventSynchronize(uploaded));
    }

    /** The memory, once the copies out of it are done. */
    public ByteBuffer memory() {
      finish();
      return new BytePointer(memory).capacity(bytes).asByteBuffer().order(ByteOrder.nativeOrder());
    }

    /** Begins to copy bytes from an offset on to the beginning of a tensor. */
    public void upload(NDArray target, long offset, long count) {
      if (count > 0) {
        gpu.select();
        gpu.check(
            "cudaMemcpyAsync",
            cudart.cudaMemcpyAsync(
                new Pointer(DeviceBuffer.of(target)),
                new BytePointer(memory).position(offset),
                count,
                cudart.cudaMemcpyHostToDevice,
                stream));
      }
    }

    /** Ends a batch of copies, for {@link #arrive} and {@link #memory}. */
    public void end() {
      gpu.select();
      gpu.check("cudaEventRecord", cudart.cudaEventRecord(uploaded, stream));
    }

    /** Lets PyTorch wait for the batch of copies. */
    public void arrive() {
      gpu.select();
      gpu.check(
          "cudaStreamWaitEvent",
          cudart.cudaStreamWaitEvent((@Nullable CUstream_st) null, uploaded, 0));
    }

    /** Frees the memory, once the copies out of it are done. */
    @Override
    public void close() {
      gpu.select();
      cudart.cudaEventSynchronize(uploaded);
      cudart.cudaEventDestroy(uploaded);
      cudart.cudaFreeHost(memory);
    }
  }
}
