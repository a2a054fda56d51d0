package io.sparkfocal.collective;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.sparkfocal.compat.DeviceBuffer;
import io.sparkfocal.compat.TensorCopy;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * A {@link Collective} over tensors.
 *
 * <p>Tensors are handed over in place, in the order of the device's stream; those of a GPU go
 * through host memory if the collective takes no device memory.
 *
 * <p>A collective on device memory returns before an operation is done, and one that was ended by a
 * rank that was lost leaves anything in its tensor, with no word to who reads it. So whatever comes
 * out of an operation is believed only after {@link #confirm}, once it has been read; and what
 * other processes are to see (a checkpoint, a result, a report) only after {@link #agree} or {@link
 * #ruleOutALostRank}.
 */
public final class TensorCollective {

  /** Values that a buffer holds. */
  private static final long MOST = Integer.MAX_VALUE / Float.BYTES;

  private final Collective collective;
  private final Collective.Precision gradientPrecision;
  private final long most;
  private Runnable beforeSum = () -> {};

  /** Tensors over this collective, which stays with its creator; gradients travel in float32. */
  public TensorCollective(Collective collective) {
    this(collective, Collective.Precision.FLOAT32);
  }

  /** As above, with gradients that travel in that precision. */
  public TensorCollective(Collective collective, Collective.Precision gradientPrecision) {
    this(collective, gradientPrecision, MOST);
  }

  /** As above, with at most that many values in one operation. */
  TensorCollective(Collective collective, Collective.Precision gradientPrecision, long most) {
    this.collective = collective;
    this.most = most;
    this.gradientPrecision = gradientPrecision;
  }

  /** How gradients travel. */
  public Collective.Precision gradientPrecision() {
    return gradientPrecision;
  }

  /**
   * Runs {@code check} before every {@link #allReduce(NDArray)} from now on, on every rank; it may
   * gather, and throw to keep this rank from taking part.
   */
  public void beforeEverySum(Runnable check) {
    beforeSum = check;
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
   * Replaces a contiguous float32 tensor by the sum over all ranks, in place; one of more than 2
   * GiB is a vector.
   *
   * @throws CollectiveException as for {@link Collective#allReduce}
   */
  public void allReduce(NDArray values) {
    if (world() > 1) {
      beforeSum.run();
      sum(values);
    }
  }

  private void sum(NDArray values) {
    inPlace(values, collective::allReduce);
  }

  /**
   * As {@link Collective#allReduce(ByteBuffer, Collective.Precision)}, for the memory of tensors of
   * the host.
   */
  public void allReduce(ByteBuffer values, Collective.Precision precision) {
    collective.allReduce(values, precision);
  }

  /**
   * Returns if all operations of this rank so far are done and none was ended before: what was read
   * from the tensors behind them is right, as far as this rank knows.
   *
   * @throws CollectiveException as for {@link Collective#allReduce}
   */
  public void confirm() {
    collective.finish();
  }

  /**
   * As {@link #confirm} on every rank, which all call it at the same place: a rank that was lost
   * can end an operation of another one before it is known to be lost, but it does not come here.
   *
   * @throws CollectiveException as for {@link Collective#allReduce}
   */
  public void agree() {
    confirm();
    if (world() > 1) {
      collective.barrier();
    }
  }

  /**
   * As {@link #agree} where an operation can end without being done, over device memory; over that
   * of the host it throws then, and there is nothing to agree on.
   *
   * @throws CollectiveException as for {@link Collective#allReduce}
   */
  public void ruleOutALostRank() {
    if (collective.memory() == Collective.Memory.DEVICE) {
      agree();
    }
  }

  /** Replaces a contiguous tensor by that of the rank {@code root}, in place. */
  public void broadcast(NDArray values, int root) {
    if (world() > 1) {
      inPlace(values, bytes -> collective.broadcast(bytes, root));
    }
  }

  /**
   * The bytes of all ranks, by rank.
   *
   * <p>They travel as a sum in which every rank has a place of its own, two bytes to a float, which
   * is exact; so it costs no more messages than one all-reduce, whatever the number of ranks.
   *
   * @param own of this rank; as many on every rank
   * @param manager on the device whose tensors the collective takes
   * @throws CollectiveException as for {@link Collective#allReduce}
   */
  public List<byte[]> allGather(byte[] own, NDManager manager) {
    int places = (own.length + 1) / 2;
    float[] values = new float[Math.multiplyExact(places, world())];
    for (int i = 0; i < own.length; i++) {
      values[rank() * places + i / 2] += i % 2 == 0 ? own[i] & 0xFF : (own[i] & 0xFF) << 8;
    }
    try (NDArray tensor = manager.create(values)) {
      if (world() > 1) {
        sum(tensor);
      }
      float[] all = TensorCopy.floats(tensor);
      confirm();
      ruleOutALostRank();
      List<byte[]> byRank = new ArrayList<>();
      for (int other = 0; other < world(); other++) {
        byte[] bytes = new byte[own.length];
        for (int i = 0; i < bytes.length; i++) {
          int pair = (int) all[other * places + i / 2];
          bytes[i] = (byte) (i % 2 == 0 ? pair : pair >>> 8);
        }
        byRank.add(bytes);
      }
      return byRank;
    }
  }

  private interface HostOperation {
    void on(ByteBuffer bytes);
  }

  /** Buffers end at 2 GiB: a longer vector is handed over in pieces, one after the other. */
  private void inPlace(NDArray values, HostOperation operation) {
    if (values.size() <= most) {
      whole(values, operation);
      return;
    }
    long length = Long.highestOneBit(most);
    for (long from = 0; from < values.size(); from += length) {
      try (NDArray piece = values.get(from + ":" + Math.min(values.size(), from + length))) {
        whole(piece, operation);
      }
    }
  }

  private void whole(NDArray values, HostOperation operation) {
    if (collective.memory() == Collective.Memory.DEVICE) {
      if (!DeviceBuffer.isShareable(values)) {
        throw new IllegalArgumentException(
            "A tensor of shape %s cannot be summed on the GPU: its values have to lie one after the other."
                .formatted(values.getShape()));
      }
      operation.on(DeviceBuffer.of(values));
      return;
    }
    if (!values.getDevice().isGpu()) {
      operation.on(values.toByteBuffer(true));
      return;
    }
    try (NDManager cpu = values.getManager().newSubManager(Device.cpu())) {
      NDArray host = TensorCopy.to(cpu, values);
      operation.on(host.toByteBuffer(true));
      try (NDArray back = TensorCopy.to(values.getManager(), host)) {
        TensorCopy.into(values, back);
      }
    }
  }
}
