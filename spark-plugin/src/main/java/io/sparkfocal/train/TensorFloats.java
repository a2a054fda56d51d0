package io.sparkfocal.train;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.Shape;
import io.sparkfocal.compat.TensorCopy;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * The values of a vector in PyTorch's memory, of any length: a buffer of Java ends at 2 GiB, so a
 * longer one is seen through several.
 *
 * <p>Those of a GPU are copied piece by piece. What {@link #copyOf} made lives until everybody who
 * {@linkplain #shared holds} it has closed it, in any thread.
 */
public final class TensorFloats implements Floats {

  /** Of a vector that one buffer does not hold: 1 GiB. */
  private static final int BUFFER_BITS = 28;

  private static final int ONE_BUFFER_BITS = 31;

  private final NDArray tensor;
  private final @Nullable NDManager owner;
  private final int bits;
  private final List<ByteBuffer> bytes = new ArrayList<>();
  private final FloatBuffer[] buffers;
  private final AtomicInteger holders = new AtomicInteger(1);

  /**
   * A view.
   *
   * @param tensor shape (n), contiguous float32, which stays with its manager
   */
  public TensorFloats(NDArray tensor) {
    this(tensor, null, bits(tensor.size()));
  }

  private static int bits(long size) {
    return size * Float.BYTES <= Integer.MAX_VALUE ? ONE_BUFFER_BITS : BUFFER_BITS;
  }

  /** As above, through buffers of 2^bits values. */
  TensorFloats(NDArray tensor, @Nullable NDManager owner, int bits) {
    this.tensor = tensor;
    this.owner = owner;
    this.bits = bits;
    if (!tensor.getDevice().isGpu()) {
      long length = 1L << bits;
      for (long from = 0; from < tensor.size(); from += length) {
        try (NDArray piece = tensor.get(from + ":" + Math.min(tensor.size(), from + length))) {
          bytes.add(piece.toByteBuffer(true));
        }
      }
    }
    buffers =
        bytes.stream()
            .map(b -> b.order(ByteOrder.nativeOrder()).asFloatBuffer())
            .toArray(FloatBuffer[]::new);
  }

  /** A copy in the host's memory, to be closed. */
  static TensorFloats copyOf(NDArray tensor) {
    return onHost(
        host -> {
          if (tensor.getDevice().isGpu()) {
            return TensorCopy.to(host, tensor);
          }
          NDArray copy = host.create(tensor.getShape());
          TensorCopy.into(copy, tensor);
          return copy;
        });
  }

  /** As above, of values that lie anywhere. */
  static TensorFloats copyOf(Floats values) {
    TensorFloats copy = onHost(host -> host.create(new Shape(values.size())));
    copy.set(values);
    return copy;
  }

  private interface Allocation {
    NDArray in(NDManager host);
  }

  private static TensorFloats onHost(Allocation allocation) {
    NDManager host = NDManager.newBaseManager(Device.cpu(), "PyTorch");
    try {
      NDArray array = allocation.in(host);
      NDScope.unregister(array);
      return new TensorFloats(array, host, bits(array.size()));
    } catch (RuntimeException | Error e) {
      host.close();
      throw e;
    }
  }

  /** The same for one more holder, who closes it too. */
  TensorFloats shared() {
    holders.incrementAndGet();
    return this;
  }

  @Override
  public void close() {
    if (holders.decrementAndGet() == 0 && owner != null) {
      owner.close();
    }
  }

  /** The memory on the host, of all values, in buffers one after the other. */
  List<ByteBuffer> bytes() {
    return bytes;
  }

  @Override
  public long size() {
    return tensor.size();
  }

  @Override
  public void get(long at, float[] target, int length) {
    if (holders.get() <= 0) {
      throw new IllegalStateException("These values have been closed.");
    }
    if (tensor.getDevice().isGpu()) {
      try (NDArray piece = tensor.get(at + ":" + (at + length))) {
        System.arraycopy(TensorCopy.floats(piece), 0, target, 0, length);
      }
      return;
    }
    for (int done = 0; done < length; ) {
      int from = placeIn(at + done);
      FloatBuffer buffer = buffer(at + done);
      int count = Math.min(length - done, buffer.limit() - from);
      buffer.get(from, target, done, count);
      done += count;
    }
  }

  /** Writes the first values of the array to {@code at} and the places behind it. */
  void put(long at, float[] source, int length) {
    if (tensor.getDevice().isGpu()) {
      try (NDArray place = tensor.get(at + ":" + (at + length));
          NDArray values =
              tensor.getManager().create(FloatBuffer.wrap(source, 0, length), place.getShape())) {
        TensorCopy.into(place, values);
      }
      return;
    }
    for (int done = 0; done < length; ) {
      int from = placeIn(at + done);
      FloatBuffer buffer = buffer(at + done);
      int count = Math.min(length - done, buffer.limit() - from);
      buffer.put(from, source, done, count);
      done += count;
    }
  }

  private FloatBuffer buffer(long at) {
    return buffers[(int) (at >>> bits)];
  }

  private int placeIn(long at) {
    return (int) (at & ((1L << bits) - 1));
  }

  /** Replaces all values by as many others. */
  void set(Floats values) {
    float[] piece = new float[(int) Math.min(PIECE, size())];
    for (long at = 0; at < size(); at += piece.length) {
      int length = (int) Math.min(piece.length, size() - at);
      values.get(at, piece, length);
      put(at, piece, length);
    }
  }
}
