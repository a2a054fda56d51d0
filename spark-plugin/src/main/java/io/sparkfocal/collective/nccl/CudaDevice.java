package io.sparkfocal.collective.nccl;

import io.sparkfocal.collective.CollectiveException;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.bytedeco.cuda.cudart.CUevent_st;
import org.bytedeco.cuda.global.cudart;

/**
 * One GPU and the events on its legacy default stream, which is PyTorch's.
 *
 * <p>CUDA keeps the current device per thread, so every method chooses it first. One thread may
 * record while another asks what was reached.
 */
final class CudaDevice implements AutoCloseable {

  private final int number;
  private final Queue<CUevent_st> free = new ConcurrentLinkedQueue<>();

  CudaDevice(int number) {
    this.number = number;
  }

  /** Makes it the current device of this thread. */
  void select() {
    check("cudaSetDevice", cudart.cudaSetDevice(number));
  }

  /** An event that happens when everything launched so far is done. */
  CUevent_st record() {
    select();
    CUevent_st event = free.poll();
    if (event == null) {
      event = new CUevent_st();
      check(
          "cudaEventCreate", cudart.cudaEventCreateWithFlags(event, cudart.cudaEventDisableTiming));
    }
    check("cudaEventRecord", cudart.cudaEventRecord(event, null));
    return event;
  }

  /** Whether the event has happened; if so, it may be used again. */
  boolean reached(CUevent_st event) {
    select();
    int result = cudart.cudaEventQuery(event);
    if (result == cudart.cudaErrorNotReady) {
      cudart.cudaGetLastError();
      return false;
    }
    check("cudaEventQuery", result);
    free.add(event);
    return true;
  }

  private void check(String call, int result) {
    if (result != cudart.cudaSuccess) {
      cudart.cudaGetLastError();
      throw new CollectiveException(
          "%s on GPU %s failed: %s (%s)."
              .formatted(call, number, cudart.cudaGetErrorString(result).getString(), result));
    }
  }

  /** Frees the events that are not under way. */
  @Override
  public void close() {
    for (CUevent_st event = free.poll(); event != null; event = free.poll()) {
      cudart.cudaEventDestroy(event);
    }
  }
}
