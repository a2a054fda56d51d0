package io.sparkfocal.train;

import java.util.Arrays;
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
    long trainedSize = parameters.trained().size();
    List<ParameterSlice> trained = all.stream().filter(s -> s.offset() < trainedSize).toList();
    Floats weights = spread(packed.weights(), all);
    Map<String, Floats> moments = new TreeMap<>(packed.optimizer().moments());
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

  private static Floats spread(Floats packed, List<ParameterSlice> slices) {
    long size = slices.stream().mapToLong(ParameterSlice::size).sum();
    if (packed.size() != size) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "The checkpoint has %d values where the network has %d; another network made it.",
              packed.size(),
              size));
    }
    return new Spread(packed, slices);
  }

  /** Values with the gaps of these slices between them. */
  private record Spread(Floats packed, List<ParameterSlice> slices) implements Floats {

    @Override
    public long size() {
      return FlatParameters.end(slices);
    }

    @Override
    public void get(long at, float[] target, int length) {
      Arrays.fill(target, 0, length, 0);
      long before = 0;
      for (ParameterSlice slice : slices) {
        long from = Math.max(at, slice.offset());
        int count = (int) (Math.min(at + length, slice.offset() + slice.size()) - from);
        if (count > 0) {
          float[] values = new float[count];
          packed.get(before + from - slice.offset(), values, count);
          System.arraycopy(values, 0, target, (int) (from - at), count);
        }
        before += slice.size();
      }
    }

    @Override
    public void close() {
      packed.close();
    }
  }
}
