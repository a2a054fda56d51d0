package io.sparkfocal.benchmarks;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;

/** Ratios of pairs of measurements that were taken one right after the other. */
final class Pairs {

  private final List<Double> ours = new ArrayList<>();
  private final List<Double> theirs = new ArrayList<>();
  private final List<Double> ratios = new ArrayList<>();

  /** A pair of times: the ratio is above 1 if ours is shorter. */
  void times(double our, double their) {
    add(our, their, their / our);
  }

  /** A pair of rates: the ratio is above 1 if ours is higher. */
  void rates(double our, double their) {
    add(our, their, our / their);
  }

  private void add(double our, double their, double ratio) {
    ours.add(our);
    theirs.add(their);
    ratios.add(ratio);
  }

  double ours() {
    return median(ours);
  }

  double theirs() {
    return median(theirs);
  }

  double ratio() {
    return median(ratios);
  }

  static double median(List<Double> values) {
    List<Double> sorted = new ArrayList<>(values);
    Collections.sort(sorted);
    int half = sorted.size() / 2;
    return sorted.size() % 2 == 1
        ? sorted.get(half)
        : (sorted.get(half - 1) + sorted.get(half)) / 2;
  }

  /** Lowest to highest ratio. */
  String spread() {
    return String.format(
        Locale.ROOT, "%.2f..%.2f", Collections.min(ratios), Collections.max(ratios));
  }

  /** The line that ends a benchmark. */
  void print(String name) {
    System.out.printf(Locale.ROOT, "bench %s ratio=%.2f spread=%s%n", name, ratio(), spread());
  }
}
