package io.sparkfocal.losses;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import java.util.Arrays;
import java.util.Set;

/**
 * Label-distribution-aware margins: cross entropy in which a class must win by a margin, the rarer
 * the larger.
 *
 * <p>{@code value = crossEntropy(s * (z - margin[y] * onehot(y)))} with {@code margin[c]}
 * proportional to {@code n[c]^(-1/4)}, the largest being the maximal margin. The paper uses it with
 * class weights from the last fifth of training on (deferred re-weighting) and with normalised
 * last-layer weights, for which s is 30; with a plain linear layer use a scale near 1.
 *
 * @see <a href="https://arxiv.org/abs/1906.07413">Cao et al., Learning Imbalanced Datasets with
 *     Label-Distribution-Aware Margin Loss, arXiv:1906.07413</a>
 */
public final class LdamLoss implements ClassificationLoss {

  private final float[] margins;
  private final float scale;

  /**
   * A loss for known frequencies.
   *
   * @param maxMargin margin of the rarest class, finite and at least 0; 0.5 is usual
   * @param scale s, finite and above 0
   * @param counts rows of each class, not all 0; a class without rows has the largest margin, and
   *     leaves those of the others as they are
   * @throws IllegalArgumentException if a number is out of range
   */
  public LdamLoss(float maxMargin, float scale, long... counts) {
    if (!(maxMargin >= 0) || Float.isInfinite(maxMargin)) {
      throw new IllegalArgumentException(
          "The maximal margin must be finite and at least 0 but is %s.".formatted(maxMargin));
    }
    if (!(scale > 0) || Float.isInfinite(scale)) {
      throw new IllegalArgumentException(
          "The scale must be finite and above 0 but is %s.".formatted(scale));
    }
    ClassBalance.requireCounts(counts);
    double rarest = Arrays.stream(counts).filter(n -> n > 0).min().orElseThrow();
    this.scale = scale;
    this.margins = new float[counts.length];
    for (int i = 0; i < counts.length; i++) {
      margins[i] = (float) (maxMargin * Math.pow(Math.max(1, counts[i] / rarest), -0.25));
    }
  }

  @Override
  public LossKernel prepare(NDManager manager, DataType dataType) {
    Constants constants = new Constants(manager, dataType);
    NDArray one = constants.vector(1f);
    NDArray factor = constants.vector(scale);
    NDArray margin = constants.vector(margins);
    return new ClosedFormKernel(
        dataType,
        batch -> {
          batch.requireClasses(margins.length);
          NDArray labels = batch.labelColumn();
          NDArray logits = batch.centered();
          NDArray target = logits.gather(labels, 1);
          NDArray handicap = margin.gather(batch.labels(), 0).reshape(labels.getShape());
          NDArray shifted = logits.scatter(labels, target.subi(handicap), 1);
          if (scale == 1) {
            return SoftmaxTerms.of(shifted, labels, one).rows(batch);
          }
          SoftmaxTerms terms = SoftmaxTerms.of(shifted.muli(factor), labels, one);
          return new SoftmaxTerms(terms.values(), terms.gradients().muli(factor)).rows(batch);
        });
  }

  @Override
  public Set<LossTrait> traits() {
    return Set.of(LossTrait.KNOWS_CLASSES);
  }
}
