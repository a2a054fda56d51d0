package io.sparkfocal.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.List;

/**
 * An update whose learning rate differs between parameters.
 *
 * <p>What an {@link Optimizer} adds to a weight is proportional to the learning rate, so the
 * difference that it made is multiplied by {@link ParameterSlice#rateFactor}.
 */
final class RatedUpdate implements WeightUpdate {

  /** Some weights, as a view, and a number, shape (1), on their device. */
  private record Rated(NDArray weights, NDArray factor) {}

  private final WeightUpdate update;
  private final FlatParameters parameters;
  private final List<Rated> rated;

  private RatedUpdate(WeightUpdate update, FlatParameters parameters, List<Rated> rated) {
    this.update = update;
    this.parameters = parameters;
    this.rated = rated;
  }

  /** The update itself, where all factors are 1. */
  static WeightUpdate of(WeightUpdate update, FlatParameters parameters, NDManager manager) {
    List<ParameterSlice> slices =
        parameters.slices().stream().filter(s -> s.end() <= parameters.trained().size()).toList();
    List<Rated> rated = new ArrayList<>();
    for (int i = 0; i < slices.size(); ) {
      int first = i;
      double factor = slices.get(first).rateFactor();
      while (i < slices.size() && slices.get(i).rateFactor() == factor) {
        i++;
      }
      if (factor != 1) {
        rated.add(
            new Rated(
                parameters
                    .trained()
                    .get(slices.get(first).offset() + ":" + slices.get(i - 1).end()),
                manager.create(new float[] {(float) factor}, new Shape(1))));
      }
    }
    return rated.isEmpty() ? update : new RatedUpdate(update, parameters, rated);
  }

  @Override
  public void count(NDArray sums) {
    update.count(sums);
  }

  @Override
  public void discard() {
    update.discard();
  }

  @Override
  public void apply(double learningRate) {
    List<NDArray> before = rated.stream().map(r -> r.weights().duplicate()).toList();
    update.apply(learningRate);
    for (int i = 0; i < rated.size(); i++) {
      try (NDArray old = before.get(i)) {
        rated.get(i).weights().subi(old).muli(rated.get(i).factor()).addi(old);
      }
    }
    parameters.publish();
  }

  @Override
  public double[] takeTotals() {
    return update.takeTotals();
  }

  @Override
  public OptimizerState state() {
    return update.state();
  }

  @Override
  public void restore(OptimizerState state) {
    update.restore(state);
  }
}
