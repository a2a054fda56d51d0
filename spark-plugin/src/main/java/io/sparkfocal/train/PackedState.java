package io.sparkfocal.train;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** States of runs of earlier versions, whose parameters lay one after the other without gaps. */
public final class PackedState {

  private PackedState() {}

  /**
   * The same state, with every parameter where it lies now.
   *
   * @throws IllegalArgumentException if it is of a network with other parameters
   */
  public static LoopState spread(LoopState packed, FlatParameters parameters) {
    List<ParameterSlice> all = parameters.slices();
    float[] weights = spread(packed.weights(), all);
    long trainedSize = parameters.trained().size();
    List<ParameterSlice> trained = all.stream().filter(s -> s.offset() < trainedSize).toList();
    Map<String, float[]> moments = new TreeMap<>(packed.optimizer().moments());
    moments.replaceAll(
        (name, values) -> name.equals(LossScale.NAME) ? values : spread(values, trained));
    LoopState.Best best = packed.best();
    return new LoopState(
        packed.epoch(),
        packed.step(),
        packed.steps(),
        packed.lossSum(),
        packed.weightSum(),
        weights,
        new OptimizerState(packed.optimizer().updates(), moments),
        best == null
            ? null
            : new LoopState.Best(best.epoch(), best.score(), spread(best.weights(), all)),
        packed.reports(),
        packed.seconds());
  }

  private static float[] spread(float[] packed, List<ParameterSlice> slices) {
    long size = slices.stream().mapToLong(ParameterSlice::size).sum();
    if (packed.length != size) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "The checkpoint has %d values where the network has %d; another network made it.",
              packed.length,
              size));
    }
    float[] values = new float[Math.toIntExact(FlatParameters.end(slices))];
    int from = 0;
    for (ParameterSlice slice : slices) {
      int count = Math.toIntExact(slice.size());
      System.arraycopy(packed, from, values, Math.toIntExact(slice.offset()), count);
      from += count;
    }
    return values;
  }
}
