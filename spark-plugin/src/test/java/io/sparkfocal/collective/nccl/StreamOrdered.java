package io.sparkfocal.collective.nccl;

import io.sparkfocal.collective.ForwardingCollective;
import java.nio.ByteBuffer;
import java.util.concurrent.locks.LockSupport;
import org.bytedeco.cuda.cudart.CUevent_st;

/**
 * NCCL over a stand-in, for tensors of the host that play those of a device.
 *
 * <p>What follows an operation on a device's stream finds what the operation left. On the host
 * nothing waits by itself, so here an operation returns when the stand-in's stream has come past
 * it, whether it was done or ended by an abort; in that case its buffer holds what the stand-in
 * leaves there, and nobody is told. Whether it was done is for the code under test to ask, as over
 * a GPU.
 */
public final class StreamOrdered extends ForwardingCollective {

  private final CudaDevice device;

  private StreamOrdered(NcclCollective nccl, int gpu) {
    super(nccl);
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
  public void allReduce(ByteBuffer values, Precision precision) {
    super.allReduce(values, precision);
    waitForStream();
  }

  @Override
  public void broadcast(ByteBuffer bytes, int root) {
    super.broadcast(bytes, root);
    waitForStream();
  }

  @Override
  public void close() {
    super.close();
    device.close();
  }
}
