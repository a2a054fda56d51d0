package io.sparkfocal.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.sparkfocal.cuda.KernelArguments;
import io.sparkfocal.cuda.KernelModule;
import java.util.Arrays;
import java.util.List;

/**
 * Features, labels and weights of a batch in one launch, which reads and writes every value once.
 *
 * <p>The kernel is in {@code rows.cu}.
 */
final class FusedGather implements Gather {

  private static final int BLOCKS_PER_MULTIPROCESSOR = 8;
  private static final int VALUES_PER_THREAD = 4;

  /** The kernel counts them in 32 bits. */
  private static final long MOST_VALUES = 1L << 32;

  private final KernelModule kernels;
  private final Batch all;
  private final NDArray order;
  private final long features;
  private final long labels;
  private final long weights;
  private final long numbers;

  private FusedGather(KernelModule kernels, Batch all, NDArray order) {
    this.kernels = kernels;
    this.all = all;
    this.order = order;
    this.features = KernelArguments.address(all.features());
    this.labels = KernelArguments.address(all.labels());
    this.weights = KernelArguments.address(all.weights());
    this.numbers = KernelArguments.address(order);
  }

  /**
   * On a GPU.
   *
   * @throws IllegalStateException if the kernel cannot be made
   */
  static Maker on(int gpu) {
    KernelModule kernels = KernelModule.of(gpu, FusedGather.class, "rows.cu", List.of());
    return (all, order) ->
        all.isContiguous() && order.size() > 0 && all.labels().getDataType() == DataType.INT64
            ? new FusedGather(kernels, all, order)
            : Gather.composed(all, order);
  }

  @Override
  public Batch rows(long from, int count) {
    NDManager manager = order.getManager();
    long width = all.features().getShape().get(1);
    if (count * width >= MOST_VALUES) {
      return Gather.composed(all, order).rows(from, count);
    }
    Batch batch =
        Batch.all(
            () -> manager.create(new Shape(count, width), DataType.FLOAT32),
            () -> manager.create(new Shape(count), DataType.INT64),
            () -> manager.create(new Shape(count), DataType.FLOAT32));
    if (count > 0) {
      KernelArguments arguments =
          new KernelArguments()
              .add(features)
              .add(labels)
              .add(weights)
              .add(numbers + from * Long.BYTES)
              .add(batch.features())
              .add(batch.labels())
              .add(batch.weights())
              .add((long) count)
              .add(width);
      long threads = (count * width + VALUES_PER_THREAD - 1) / VALUES_PER_THREAD;
      int blocks = kernels.blocks(Math.max(count, threads), BLOCKS_PER_MULTIPROCESSOR);
      kernels.launch("gather", blocks, arguments);
    }
    return batch;
  }

  /**
   * Whether made-up batches are those of PyTorch's operations.
   *
   * @throws IllegalStateException if the kernel cannot be made
   */
  static boolean agreesWithComposed(int gpu, NDManager parent) {
    Maker fused = on(gpu);
    int rows = 101;
    try (NDManager manager = parent.newSubManager()) {
      NDArray order = manager.arange(2 * rows).mul(37).mod(rows).toType(DataType.INT64, false);
      for (int width : new int[] {1, 7, 12}) {
        Batch all =
            new Batch(
                manager.arange((float) rows * width).reshape(rows, width),
                manager.arange(rows).toType(DataType.INT64, false),
                manager.arange((float) rows).add(0.5f));
        Batch here = fused.of(all, order).rows(33, 90);
        Batch there = Gather.composed(all, order).rows(33, 90);
        if (!Arrays.equals(here.features().toFloatArray(), there.features().toFloatArray())
            || !Arrays.equals(here.labels().toLongArray(), there.labels().toLongArray())
            || !Arrays.equals(here.weights().toFloatArray(), there.weights().toFloatArray())) {
          return false;
        }
      }
      return true;
    }
  }
}
