package io.sparkfocal.collective;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import io.sparkfocal.compat.DeviceBuffer;
import io.sparkfocal.compat.TensorCopy;
import java.nio.ByteBuffer;

/**
 * A {@link Collective} over tensors.
 *
 * <p>Tensors are handed over in place, in the order of the device's stream; those of a GPU go
 * through host memory if the collective takes no device memory.
 */
public final class TensorCollective {

  private final Collective collective;
  private final Collective.Precision gradientPrecision;

  /** Tensors over this collective, which stays with its creator; gradients travel in float32. */
  public TensorCollective(Collective collective) {
    this(collective, Collective.Precision.FLOAT32);
  }

  /** As above, with gradients that travel in that precision. */
  public TensorCollective(Collective collective, Collective.Precision gradientPrecision) {
    this.collective = collective;
    this.gradientPrecision = gradientPrecision;
  }

  /** How gradients travel. */
  public Collective.Precision gradientPrecision() {
    return gradientPrecision;
  }

  /** This rank's number. */
  public int rank() {
    return collective.rank();
  }

  /** How many ranks take part. */
  public int world() {
    return collective.world();
  }

  /**
   * Replaces a contiguous float32 tensor by the sum over all ranks, in place.
   *
   * @throws CollectiveException as for {@link Collective#allReduce}
   */
  public void allReduce(NDArray values) {
    if (world() > 1) {
      inPlace(values, collective::allReduce);
    }
  }

  /**
   * As {@link Collective#allReduce(ByteBuffer, Collective.Precision)}, for the memory of tensors of
   * the host; returns when it is done.
   */
  public void allReduce(ByteBuffer values, Collective.Precision precision) {
    collective.allReduce(values, precision);
    collective.finish();
  }

  /** Replaces a contiguous tensor by that of the rank {@code root}, in place. */
  public void broadcast(NDArray values, int root) {
    if (world() > 1) {
      inPlace(values, bytes -> collective.broadcast(bytes, root));
    }
  }

  private interface HostOperation {
    void on(ByteBuffer bytes);
  }

  private void inPlace(NDArray values, HostOperation operation) {
    if (!values.getDevice().isGpu()) {
      operation.on(values.toByteBuffer(true));
      collective.finish();
      return;
    }
    if (collective.memory() == Collective.Memory.DEVICE) {
      operation.on(DeviceBuffer.of(values));
      return;
    }
    try (NDArray host = values.toDevice(Device.cpu(), true)) {
      operation.on(host.toByteBuffer(true));
      try (NDArray back = host.toDevice(values.getDevice(), true)) {
        TensorCopy.into(values, back);
      }
    }
  }
}
