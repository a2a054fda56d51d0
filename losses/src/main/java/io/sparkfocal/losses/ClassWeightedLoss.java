package io.sparkfocal.losses;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import java.util.EnumSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Any loss with class weights: the value of a row is multiplied by the weight of its class.
 *
 * <p>{@link FocalLoss} and {@link CrossEntropyLoss} have class weights of their own, which are
 * faster.
 */
public final class ClassWeightedLoss implements ClassificationLoss {

  private final ClassificationLoss loss;
  private final ClassWeights alpha;

  /**
   * Weights a loss.
   *
   * @param alphas weight of each class, in the order of the labels; one number is the weight of all
   * @throws IllegalArgumentException if there is none, one is negative or not finite, or all are 0
   */
  public ClassWeightedLoss(ClassificationLoss loss, float... alphas) {
    if (alphas.length == 0) {
      throw new IllegalArgumentException("Class weights are missing; give one per class.");
    }
    this.loss = loss;
    this.alpha = ClassWeights.of(alphas);
  }

  @Override
  public LossKernel prepare(NDManager manager, DataType dataType) {
    return prepare(manager, dataType, RankSum.ALONE);
  }

  @Override
  public LossKernel prepare(NDManager manager, DataType dataType, RankSum ranks) {
    LossKernel kernel = loss.prepare(manager, dataType, ranks);
    ClassWeights.Prepared weights = alpha.prepare(new Constants(manager, dataType));
    return new ScopedKernel() {
      @Override
      void trace(NDArray logits, NDArray labels) {
        if (kernel instanceof ScopedKernel scoped) {
          scoped.trace(logits, labels);
        } else {
          kernel.evaluate(logits, labels);
        }
        NDArray ofRows = weights.ofRows(Batch.of(logits, labels, null, dataType));
        ofRows.mul(ofRows);
      }

      @Override
      RowLosses compute(NDArray logits, NDArray labels, @Nullable NDArray sampleWeights) {
        Batch batch = Batch.of(logits, labels, sampleWeights, dataType);
        if (batch.classes() > 1) {
          weights.check(batch);
        }
        RowLosses rows =
            kernel instanceof ScopedKernel scoped
                ? scoped.compute(logits, labels, sampleWeights)
                : kernel.evaluate(logits, labels, sampleWeights);
        NDArray ofRows = weights.ofRows(batch);
        NDArray column = ofRows.reshape(batch.labelColumn().getShape());
        return new RowLosses(
            rows.values().mul(ofRows), rows.gradients().mul(column), rows.weights().mul(ofRows));
      }
    };
  }

  @Override
  public int outputs(int classes) {
    return loss.outputs(classes);
  }

  @Override
  public boolean isSigmoid() {
    return loss.isSigmoid();
  }

  @Override
  public Set<LossTrait> traits() {
    Set<LossTrait> traits = EnumSet.of(LossTrait.KNOWS_CLASSES);
    traits.addAll(loss.traits());
    return traits;
  }
}
