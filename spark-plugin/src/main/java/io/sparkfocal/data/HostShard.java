package io.sparkfocal.data;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.sparkfocal.train.Batch;
import io.sparkfocal.train.Batches;
import io.sparkfocal.train.Shard;
import io.sparkfocal.train.Shuffle;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Rows in host memory or a file; batches are copied into tensors that are used again and again, so
 * that on a CPU a batch costs no operation of PyTorch.
 */
final class HostShard implements Shard {

  private final RowSource source;
  private final NDManager manager;

  /**
   * A shard of these rows, which it closes.
   *
   * @param manager on the device that trains
   */
  HostShard(RowSource source, NDManager manager) {
    this.source = source;
    this.manager = manager;
  }

  @Override
  public long rows() {
    return source.rows();
  }

  @Override
  public Batches ordered() {
    return new HostBatches(source.ordered());
  }

  @Override
  public Batches shuffled(Shuffle shuffle) {
    return new HostBatches(source.shuffled(shuffle));
  }

  @Override
  public void close() {
    source.close();
  }

  /** Sees rows of one window. */
  private interface Visitor {

    void visit(RowSource.Window window, int from, int count);
  }

  private final class HostBatches implements Batches {

    private final RowSource.Windows windows;
    private final NDManager host = manager.newSubManager(Device.cpu());
    private final Map<Integer, Filler> bySize = new HashMap<>();
    private RowSource.@Nullable Window window;
    private int place;

    HostBatches(RowSource.Windows windows) {
      this.windows = windows;
      this.window = windows.next();
    }

    @Override
    public Batch next(int rows) {
      Filler filler = bySize.computeIfAbsent(rows, size -> new Filler(host, size, source.width()));
      filler.clear();
      pass(rows, filler::fill);
      return manager.getDevice().isGpu() ? onDevice(filler.batch) : filler.batch;
    }

    @Override
    public void skip(long rows) {
      pass(rows, (current, from, count) -> {});
    }

    private void pass(long rows, Visitor visitor) {
      long missing = rows;
      while (missing > 0) {
        if (window != null && place == window.order().length) {
          window = windows.next();
          place = 0;
        }
        RowSource.Window current = Objects.requireNonNull(window, "no rows are left");
        int count = (int) Math.min(missing, current.order().length - place);
        visitor.visit(current, place, count);
        place += count;
        missing -= count;
      }
    }

    private Batch onDevice(Batch batch) {
      Device device = manager.getDevice();
      return new Batch(
          batch.features().toDevice(device, true),
          batch.labels().toDevice(device, true),
          batch.weights().toDevice(device, true));
    }

    @Override
    public void close() {
      windows.close();
      host.close();
    }
  }

  /** The memory of a batch of one size. */
  private static final class Filler {

    private static final int STAGED_ROWS = 64;

    private final Batch batch;
    private final int width;
    private final FloatBuffer features;
    private final LongBuffer labels;
    private final FloatBuffer weights;
    private final float[] row;
    private final float[] staged;

    Filler(NDManager manager, int rows, int width) {
      NDArray x = manager.create(new Shape(rows, width), DataType.FLOAT32);
      NDArray y = manager.create(new Shape(rows), DataType.INT64);
      NDArray w = manager.create(new Shape(rows), DataType.FLOAT32);
      // They outlive the step that asked for them first.
      NDScope.unregister(x, y, w);
      this.batch = new Batch(x, y, w);
      this.width = width;
      this.features = x.toByteBuffer(true).asFloatBuffer();
      this.labels = y.toByteBuffer(true).asLongBuffer();
      this.weights = w.toByteBuffer(true).asFloatBuffer();
      this.row = new float[RowStore.stride(width)];
      this.staged = new float[STAGED_ROWS * width];
    }

    void clear() {
      features.clear();
      labels.clear();
      weights.clear();
    }

    void fill(RowSource.Window window, int from, int count) {
      int inStage = 0;
      for (int i = from; i < from + count; i++) {
        window.store().get(window.order()[i], row, 0);
        System.arraycopy(row, 0, staged, inStage * width, width);
        labels.put((long) row[width]);
        weights.put(row[width + 1]);
        if (++inStage == STAGED_ROWS) {
          features.put(staged);
          inStage = 0;
        }
      }
      features.put(staged, 0, inStage * width);
    }
  }
}
