package io.sparkfocal.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.sparkfocal.compat.TensorCopy;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The factor that keeps the gradients of a network in float16 from vanishing (Micikevicius et al.,
 * arXiv 1710.03740): the loss is multiplied by it, and gradients are divided by it in float32.
 *
 * <p>It changes by the rule of PyTorch's {@code GradScaler}: a step with a gradient that is not
 * finite is left out and halves the factor, 2,000 others in a row double it. It begins as 65,536 by
 * the rows of a step, since losses are summed over rows where PyTorch takes a mean. Factor and rule
 * live on the device, so that no step waits for them; every rank sees the same gradients, and so
 * has the same factor.
 */
public final class LossScale {

  /** Of its state, beside the moments of an optimizer. */
  static final String NAME = "lossScale";

  static final int STEPS_TO_DOUBLE = 2000;
  static final float LARGEST = 0x1p24f;

  /** Below that, gradients are not finite whatever the factor is. */
  static final float SMALLEST = 0x1p-24f;

  private static final double INITIAL_BY_ROWS = 65_536;

  private final NDArray state;
  private final NDArray factor;
  private final NDArray cleanSteps;
  private final NDArray one;
  private final NDArray half;
  private final NDArray stepsToDouble;
  private final NDArray largest;

  LossScale(float initial, NDManager manager) {
    state = manager.create(new float[] {initial, 0});
    factor = state.get("0:1");
    cleanSteps = state.get("1:2");
    one = manager.create(new float[] {1}, new Shape(1));
    half = manager.create(new float[] {0.5f}, new Shape(1));
    stepsToDouble = manager.create(new float[] {STEPS_TO_DOUBLE}, new Shape(1));
    largest = manager.create(new float[] {LARGEST}, new Shape(1));
  }

  /** The one of a training in float16; null for float32, which needs none. */
  public static @Nullable LossScale of(TrainingSettings settings, NDManager manager) {
    if (settings.dataType() == DataType.FLOAT32) {
      return null;
    }
    double perRow = Math.max(1, INITIAL_BY_ROWS / settings.batchSize());
    return new LossScale((float) Math.scalb(1.0, Math.getExponent(perRow)), manager);
  }

  /** The factor, shape (1). */
  NDArray factor() {
    return factor;
  }

  /** Factor and steps since it last changed or a step was left out, shape (2). */
  NDArray state() {
    return state;
  }

  /**
   * Changes the factor at the end of a step.
   *
   * @param isFinite shape (1): 1 if all gradients were finite, 0 if one was not
   */
  void adapt(NDArray isFinite) {
    NDArray clean = cleanSteps.add(one).mul(isFinite);
    NDArray doubles = clean.gte(stepsToDouble).toType(DataType.FLOAT32, false);
    NDArray times = isFinite.mul(half).add(half).add(doubles);
    TensorCopy.into(factor, NDArrays.minimum(factor.mul(times), largest));
    TensorCopy.into(cleanSteps, clean.mul(one.sub(doubles)));
  }

  /** As above, where the host knows. */
  void adapt(boolean isFinite) {
    try (NDArray known = isFinite ? one.duplicate() : one.zerosLike()) {
      adapt(known);
    }
  }

  /** The factor, read from the device. */
  float read() {
    return TensorCopy.floats(factor)[0];
  }

  /** The state of an optimizer with that of the factor beside it. */
  OptimizerState addTo(OptimizerState optimizer) {
    Map<String, Floats> moments = new TreeMap<>(optimizer.moments());
    moments.put(NAME, Floats.of(TensorCopy.floats(state)));
    return new OptimizerState(optimizer.updates(), moments);
  }

  /** Goes on from there. */
  void restore(OptimizerState optimizer) {
    optimizer.copyTo(NAME, state);
  }
}
