package io.sparkfocal.losses;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import org.jspecify.annotations.Nullable;

/**
 * Runs a closed form on every logit and its target by itself, and adds up the elements of a row.
 *
 * <p>Targets are class numbers (for one logit 0 or 1, for more one-against-the-rest) or numbers
 * from 0 to 1 for each logit.
 */
final class SigmoidKernel extends ScopedKernel {

  /** A closed form; may leave its intermediate arrays open. */
  @FunctionalInterface
  interface Formula {

    /**
     * Computes values, slopes and weights.
     *
     * @param logits shape (B, C)
     * @param targets shape (B, C), from 0 to 1
     */
    Elements apply(NDArray logits, NDArray targets);
  }

  /**
   * The losses of the elements.
   *
   * @param values shape (B, C), weight included
   * @param slopes derivative by the logit, shape (B, C)
   * @param weights shape (B, C); null for ones
   */
  record Elements(NDArray values, NDArray slopes, @Nullable NDArray weights) {}

  private static final int FEW = 4;

  private final Constants constants;
  private final DataType dataType;
  private final Formula formula;
  private final NDArray zeroAndOne;

  SigmoidKernel(Constants constants, Formula formula) {
    this.constants = constants;
    this.dataType = constants.dataType();
    this.formula = formula;
    this.zeroAndOne = constants.vector(0, 1);
  }

  @Override
  RowLosses compute(NDArray logits, NDArray labels, @Nullable NDArray sampleWeights) {
    Batch.requireLogits(logits, dataType);
    NDArray plain = logits.stopGradient();
    Elements elements = formula.apply(plain, targets(plain, labels));
    NDArray weights = elements.weights();
    return new RowLosses(
        sum(elements.values()),
        elements.slopes(),
        weights == null
            ? logits.getManager().ones(new Shape(logits.getShape().get(0)), dataType)
            : mean(weights));
  }

  /** Over each row; a sum over a short last axis is many times slower than adding its columns. */
  private static NDArray sum(NDArray elements) {
    long columns = elements.getShape().get(1);
    Shape row = new Shape(elements.getShape().get(0));
    if (columns == 0 || columns > FEW) {
      return elements.sum(new int[] {1});
    }
    NDArray sum = elements.get(":, 0").reshape(row);
    for (long i = 1; i < columns; i++) {
      sum = sum.add(elements.get(":, " + i).reshape(row));
    }
    return sum;
  }

  private NDArray mean(NDArray elements) {
    NDArray sum = sum(elements);
    long columns = elements.getShape().get(1);
    return columns == 1 ? sum : sum.div(constants.of((float) columns));
  }

  private NDArray targets(NDArray logits, NDArray labels) {
    if (labels.getDataType() == dataType && labels.getShape().equals(logits.getShape())) {
      return labels;
    }
    Batch batch = Batch.of(logits, labels, null, dataType);
    return batch.classes() == 1
        ? zeroAndOne.gather(batch.labels(), 0).reshape(logits.getShape())
        : batch.oneHot();
  }
}
