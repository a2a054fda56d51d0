package io.sparkfocal.losses;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.training.loss.Loss;
import java.util.HashMap;
import java.util.Map;

/**
 * A {@link ClassificationLoss} as a DJL {@code Loss}, for programs that train with DJL's {@code
 * Trainer}.
 *
 * <p>Differentiable by autograd, with the closed form's gradient G: the result is value + (&lt;G,
 * z&gt; - &lt;G, z&gt; detached), whose second part is 0 and whose gradient is G. Keeps its
 * constants per device and type until it is closed. For one thread.
 */
public final class DjlLoss extends Loss implements AutoCloseable {

  private record Place(Device device, DataType dataType) {}

  private record Prepared(NDManager manager, LossKernel kernel) {}

  private final ClassificationLoss loss;
  private final Reduction reduction;
  private final Map<Place, Prepared> kernels = new HashMap<>();

  /** A loss under a name, as DJL's metrics show it. */
  public DjlLoss(String name, ClassificationLoss loss, Reduction reduction) {
    super(name);
    this.loss = loss;
    this.reduction = reduction;
  }

  /**
   * The loss of a batch.
   *
   * @param labels one tensor, int64 (B) or (B, 1)
   * @param predictions one tensor, logits (B, C)
   * @return a scalar; shape (B) for {@link Reduction#NONE}
   */
  @Override
  public NDArray evaluate(NDList labels, NDList predictions) {
    NDArray logits = predictions.singletonOrThrow();
    Prepared prepared =
        kernels.computeIfAbsent(new Place(logits.getDevice(), logits.getDataType()), this::prepare);
    RowLosses rows = prepared.kernel().evaluate(logits, labels.singletonOrThrow());
    NDArray carrier = rows.gradients().mul(logits);
    if (reduction == Reduction.NONE) {
      return attachGradient(rows.values(), carrier.sum(new int[] {1}));
    }
    ReducedLoss reduced = reduction.reduce(rows, null);
    NDArray mean = new ReducedLoss(carrier.sum(), reduced.weight()).value();
    return attachGradient(reduced.value(), mean);
  }

  private static NDArray attachGradient(NDArray value, NDArray carrier) {
    return value.add(carrier.sub(carrier.stopGradient()));
  }

  private Prepared prepare(Place place) {
    NDManager manager = NDManager.newBaseManager(place.device());
    return new Prepared(manager, loss.prepare(manager, place.dataType()));
  }

  /** Frees the constants. Idempotent. */
  @Override
  public void close() {
    kernels.values().forEach(prepared -> prepared.manager().close());
    kernels.clear();
  }
}
