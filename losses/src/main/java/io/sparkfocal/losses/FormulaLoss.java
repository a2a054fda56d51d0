package io.sparkfocal.losses;

import ai.djl.engine.EngineException;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import org.jspecify.annotations.Nullable;

/**
 * A loss written as a formula, differentiated by autograd: the short way to a loss of your own.
 *
 * <pre>{@code
 * final class GeneralizedCrossEntropy extends FormulaLoss {
 *   protected NDArray values(NDArray logits, NDArray labels, Constants numbers) {
 *     NDArray p = logits.logSoftmax(1).gather(labels, 1).mul(numbers.of(0.7f)).exp();
 *     return numbers.of(1).sub(p).div(numbers.of(0.7f));
 *   }
 * }
 * }</pre>
 *
 * <p>Give what you write to {@link LossContract}, which finds the usual mistakes.
 */
public abstract class FormulaLoss implements ClassificationLoss {

  /**
   * The loss of each row, from operations on arrays alone.
   *
   * @param logits shape (B, C); what becomes of them is recorded
   * @param labels shape (B, 1), {@code int64}
   * @param numbers constants on the device and in the data type of the logits
   * @return shape (B) or (B, 1), not negative
   */
  protected abstract NDArray values(NDArray logits, NDArray labels, Constants numbers);

  @Override
  public final LossKernel prepare(NDManager manager, DataType dataType) {
    return new Kernel(new Constants(manager, dataType));
  }

  /** Evaluates and differentiates the formula. */
  private final class Kernel extends ScopedKernel {

    private final Constants numbers;

    Kernel(Constants numbers) {
      this.numbers = numbers;
    }

    @Override
    RowLosses compute(NDArray logits, NDArray labels, @Nullable NDArray sampleWeights) {
      Batch batch = Batch.of(logits, labels, sampleWeights, numbers.dataType());
      NDArray leaf = batch.logits().duplicate();
      leaf.setRequiresGradient(true);
      NDArray values =
          Autograd.recorded(() -> requireRows(values(leaf, batch.labelColumn(), numbers), batch));
      if (batch.rows() == 0) {
        return new RowLosses(values.stopGradient(), leaf.stopGradient(), batch.ones());
      }
      try {
        Autograd.backward(values, values.onesLike(), false);
      } catch (EngineException e) {
        throw new IllegalStateException(
            "%s returns values that do not depend on the logits by recorded operations; make them from the logits with operations on arrays only."
                .formatted(FormulaLoss.this.getClass().getName()),
            e);
      }
      return new RowLosses(
          values.stopGradient().duplicate(), leaf.getGradient().duplicate(), batch.ones());
    }

    @Override
    void trace(NDArray logits, NDArray labels) {
      Batch batch = Batch.of(logits, labels, null, numbers.dataType());
      requireRows(values(batch.logits(), batch.labelColumn(), numbers), batch);
    }
  }

  private NDArray requireRows(NDArray values, Batch batch) {
    Shape row = new Shape(batch.rows());
    if (!values.getShape().equals(row)
        && !values.getShape().equals(batch.labelColumn().getShape())) {
      throw new IllegalArgumentException(
          "%s returns values of shape %s for %s rows; return one value per row, of shape %s."
              .formatted(getClass().getName(), values.getShape(), batch.rows(), row));
    }
    if (values.getDataType() != batch.logits().getDataType()) {
      throw new IllegalArgumentException(
          "%s returns values of %s for logits of %s; return them in the data type of the logits."
              .formatted(getClass().getName(), values.getDataType(), batch.logits().getDataType()));
    }
    return values.reshape(row);
  }
}
