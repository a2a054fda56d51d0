package io.sparkfocal.train;

import java.util.List;

/**
 * What a training run leaves, the same on every rank.
 *
 * @param weights values of {@link FlatParameters#all()}: of the best epoch where there are
 *     validation rows, else of the last
 * @param epochs one report per epoch that was run
 * @param bestEpoch the epoch of the weights, from 1
 */
public record TrainingOutcome(float[] weights, List<EpochReport> epochs, int bestEpoch) {}
