package io.sparkfocal.train;

import java.util.List;

/**
 * What a training run leaves, the same on every rank; to be closed before the parameters are.
 *
 * @param weights values of {@link FlatParameters#all()}: of the best epoch where there are
 *     validation rows, else of the last
 * @param epochs one report per epoch that was run
 * @param bestEpoch the epoch of the weights, from 1
 */
public record TrainingOutcome(Floats weights, List<EpochReport> epochs, int bestEpoch)
    implements AutoCloseable {

  @Override
  public void close() {
    weights.close();
  }
}
