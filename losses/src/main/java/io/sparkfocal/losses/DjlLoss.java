package io.sparkfocal.losses;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.DataType;
import ai.djl.training.loss.Loss;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A {@link ClassificationLoss} as a loss of DJL's own training, differentiable by its gradient
 * collector.
 *
 * <p>{@link #evaluate} takes one array of labels, shape (B) or (B, 1) of any number type, and one
 * of logits, and returns a scalar, or shape (B) for {@link Reduction#NONE}, attached to the manager
 * of the logits. Logits may have more axes, as (N, C, H, W) with labels (N, H, W): the class axis
 * is then 1, unless another is set, and never guessed. Rows whose label is the ignore index count
 * nothing, whatever their logits hold; where all are ignored, the loss is 0. Backward hands the
 * closed-form gradient to the logits, for any upstream gradient; the class weights are constants.
 *
 * <p>Constants are made at the first use on each device and data type and live until {@link
 * #close}, which belongs to whoever made this loss. Safe for use by several threads, as far as the
 * engine is.
 */
public final class DjlLoss extends Loss implements AutoCloseable {

  private record Place(Device device, DataType dataType) {}

  private record Room(NDManager manager, LossKernel kernel) {}

  private final ClassificationLoss loss;
  private final Reduction reduction;
  private final DenseLayout layout;
  private final Map<Place, Room> rooms = new ConcurrentHashMap<>();
  private volatile boolean closed;

  /**
   * Adapts a loss.
   *
   * @param name the name that DJL shows
   */
  public DjlLoss(String name, ClassificationLoss loss, Reduction reduction) {
    this(name, loss, reduction, new DenseLayout(1, null));
  }

  private DjlLoss(String name, ClassificationLoss loss, Reduction reduction, DenseLayout layout) {
    super(name);
    this.loss = loss;
    this.reduction = reduction;
    this.layout = layout;
  }

  /** The same with another class axis: from 1 to the last axis of the logits. */
  public DjlLoss withClassAxis(int axis) {
    return new DjlLoss(getName(), loss, reduction, new DenseLayout(axis, layout.ignoreIndex()));
  }

  /** The same, leaving out rows with that label. */
  public DjlLoss withIgnoreIndex(long label) {
    return new DjlLoss(getName(), loss, reduction, new DenseLayout(layout.classAxis(), label));
  }

  /**
   * Returns the reduced loss of a batch.
   *
   * @param labels one array of class numbers
   * @param predictions one array of logits, as the {@link ClassificationLoss} wants them
   * @throws IllegalArgumentException if a list does not hold one array, or a shape or type is wrong
   * @throws IllegalStateException if this loss is closed
   */
  @Override
  public NDArray evaluate(NDList labels, NDList predictions) {
    requireSingle("labels", labels);
    requireSingle("predictions", predictions);
    NDArray logits = predictions.head();
    LossKernel kernel = kernel(logits);
    NDArray value;
    try (NDScope scope = new NDScope()) {
      scope.suppressNotUsedWarning();
      DenseLayout.Rows batch = layout.rows(logits, labels.head());
      value = reduce(batch, kernel.evaluate(batch.logits(), batch.labels(), batch.present()));
      NDScope.unregister(value);
    }
    NDScope.register(value);
    return value;
  }

  /**
   * Adds a term that is 0 and whose derivative is the closed-form gradient: (z - stop(z)) times it.
   */
  private NDArray reduce(DenseLayout.Rows batch, RowLosses rows) {
    NDArray logits = batch.logits();
    NDArray present = batch.present();
    NDArray difference = logits.sub(logits.stopGradient());
    if (reduction == Reduction.NONE) {
      NDArray values = rows.values().add(difference.mul(rows.gradients()).sum(new int[] {1}));
      return (present == null ? values : values.mul(present)).reshape(batch.shape());
    }
    NDArray carrier = difference.mul(reduction.sumGradient(rows, present));
    ReducedLoss reduced = reduction.reduce(rows, present);
    return reduced.sum().add(carrier.sum()).div(reduced.divisor());
  }

  private LossKernel kernel(NDArray logits) {
    Room room =
        rooms.computeIfAbsent(
            new Place(logits.getDevice(), logits.getDataType()), place -> open(logits, place));
    return room.kernel();
  }

  private Room open(NDArray logits, Place place) {
    if (closed) {
      throw new IllegalStateException("Loss \"%s\" is closed.".formatted(getName()));
    }
    NDManager manager = logits.getManager().getEngine().newBaseManager(place.device());
    try {
      return new Room(manager, loss.prepare(manager, place.dataType()));
    } catch (RuntimeException e) {
      manager.close();
      throw e;
    }
  }

  private static void requireSingle(String what, NDList list) {
    if (list.size() != 1) {
      throw new IllegalArgumentException(
          "A loss takes one array of %s but was given %s.".formatted(what, list.size()));
    }
  }

  /** Frees the constants; later evaluations fail. Idempotent; not while an evaluation runs. */
  @Override
  public void close() {
    closed = true;
    rooms.values().forEach(room -> room.manager().close());
    rooms.clear();
  }
}
