package io.sparkfocal.losses;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.nn.Activation;
import java.util.Set;

/**
 * GHM-C, gradient harmonizing: rows of which there are many of the same difficulty in the batch,
 * the very easy and the outliers, count less.
 *
 * <p>{@code value = -log(p[y]) * N / (n * bins)}, where the difficulties 1 - p[y] of the batch's N
 * rows are sorted into bins of equal width and n rows share the row's bin; the factor is held
 * constant in the gradient. Batch and counts are those of all ranks, rows counted by their sample
 * weights.
 *
 * <p>This is the paper's formula. The authors' code has the number of bins that have rows in the
 * place of the number of bins, so that its losses are larger where few have, as late in a training;
 * and it can take a moving average of the counts, which this loss does not.
 *
 * @see <a href="https://arxiv.org/abs/1811.05181">Li et al., Gradient Harmonized Single-stage
 *     Detector, arXiv:1811.05181</a>
 */
public final class GhmLoss implements ClassificationLoss {

  /** Of a bin; an empty one has a factor that is finite, and used by no row. */
  private static final float LEAST_WEIGHT = 1e-20f;

  private final int bins;

  /**
   * A loss.
   *
   * @param bins at least 1; 10 is usual
   * @throws IllegalArgumentException if there are fewer
   */
  public GhmLoss(int bins) {
    if (bins < 1) {
      throw new IllegalArgumentException("Bins must be at least 1 but are %s.".formatted(bins));
    }
    this.bins = bins;
  }

  @Override
  public LossKernel prepare(NDManager manager, DataType dataType) {
    return prepare(manager, dataType, RankSum.ALONE);
  }

  @Override
  public LossKernel prepare(NDManager manager, DataType dataType, RankSum ranks) {
    Constants constants = new Constants(manager, dataType);
    NDArray count = constants.vector(bins);
    float[] numbers = new float[bins];
    for (int i = 0; i < bins; i++) {
      numbers[i] = i;
    }
    NDArray numbered = constants.vector(numbers);
    NDArray last = constants.vector(bins - 1);
    NDArray least = constants.vector(LEAST_WEIGHT);
    TargetOdds.Way way = new TargetOdds.Way(constants);
    return new ClosedFormKernel(
        dataType,
        batch -> {
          TargetOdds odds = way.of(batch);
          NDArray difficulty = Activation.sigmoid(odds.oddsAgainst());
          NDArray bin = difficulty.mul(count).floor().minimum(last);
          NDArray member = bin.eq(numbered).toType(dataType, false);
          // (1, B) times (B, bins): what each bin weighs, on all ranks.
          NDArray inBin = batch.weightColumn().transpose().matMul(member).reshape(bins);
          ranks.allReduce(inBin);
          NDArray factors = inBin.sum().div(inBin.mul(count).maximum(least));
          NDArray factor = member.matMul(factors.reshape(bins, 1));
          NDArray values = Activation.softPlus(odds.oddsAgainst()).muli(factor);
          return new RowLosses(
              batch.flat(values), odds.gradients(difficulty.muli(factor)), batch.ones());
        });
  }

  @Override
  public Set<LossTrait> traits() {
    return Set.of(LossTrait.COUPLES_ROWS, LossTrait.HOLDS_FACTORS_CONSTANT);
  }
}
