package io.sparkfocal.collective.nccl;

import io.sparkfocal.collective.Collective;
import java.nio.ByteBuffer;
import java.util.concurrent.locks.LockSupport;
import org.bytedeco.cuda.cudart.CUevent_st;
import org.jspecify.annotations.Nullable;

/**
 * NCCL over a stand-in, for tensors of the host that play those of a device.
 *
 * <p>What follows an operation on a device's stream finds what the operation left. On the host
 * nothing waits by itself, so here an operation returns when the stand-in's stream has come past
 * it, whether it was done or ended by an abort; in that case its buffer holds what the stand-in
 * leaves there, and nobody is told. Whether it was done is for the code under test to ask, as over
 * a GPU.
 */
public final class StreamOrdered implements Collective {

  private final NcclCollective nccl;
  private final CudaDevice device;

  private StreamOrdered(NcclCollective nccl, int gpu) {
    this.nccl = nccl;
    this.device = new CudaDevice(gpu);
  }

  /** Over NCCL on the GPU of that number, which is closed with it. */
  public static StreamOrdered over(NcclCollective nccl, int gpu) {
    return new StreamOrdered(nccl, gpu);
  }

  private void waitForStream() {
    CUevent_st event = device.record();
    while (!device.reached(event)) {
      LockSupport.parkNanos(20_000);
    }
  }

  @Override
  public int rank() {
    return nccl.rank();
  }

  @Override
  public int world() {
    return nccl.world();
  }

  @Override
  public Memory memory() {
    return nccl.memory();
  }

  @Override
  public void allReduce(ByteBuffer values, Precision precision) {
    nccl.allReduce(values, precision);
    waitForStream();
  }

  @Override
  public void broadcast(ByteBuffer bytes, int root) {
    nccl.broadcast(bytes, root);
    waitForStream();
  }

  @Override
  public void barrier() {
    nccl.barrier();
  }

  @Override
  public void finish() {
    nccl.finish();
  }

  @Override
  public @Nullable String failure() {
    return nccl.failure();
  }

  @Override
  public boolean isAborted() {
    return nccl.isAborted();
  }

  @Override
  public void abort(String reason) {
    nccl.abort(reason);
  }

  @Override
  public void close() {
    nccl.close();
    device.close();
  }
}
