package io.sparkfocal.losses;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.sparkfocal.losses.LossContract.ContractViolation;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The check of {@link LossContract} that a loss only reads what it is given: logits, labels and
 * sample weights have the same bits after a call, are still open, and are no part of the result.
 *
 * <p>What is changed and, within the same call, changed back to the same bits is not seen.
 */
final class InputChecks {

  private static final int[] ROWS = {0, 1, 4, 300};
  private static final double[] SPREADS = {2, 1000};

  private InputChecks() {}

  static void inputsAreKept(LossTrial trial) {
    for (DataType dataType : new DataType[] {DataType.FLOAT32, DataType.FLOAT64}) {
      LossKernel kernel = trial.kernel(dataType);
      for (int rows : ROWS) {
        for (double spread : SPREADS) {
          double[][] logits = trial.normal(rows, spread);
          for (Reduction reduction : Reduction.values()) {
            for (boolean weighted : new boolean[] {false, true}) {
              inputsAreKept(trial, kernel, dataType, logits, reduction, weighted);
            }
          }
        }
      }
    }
  }

  private static void inputsAreKept(
      LossTrial trial,
      LossKernel kernel,
      DataType dataType,
      double[][] logits,
      Reduction reduction,
      boolean weighted) {
    int count = logits.length;
    for (Shape shape : new Shape[] {new Shape(count), new Shape(count, 1)}) {
      try (NDManager manager = trial.batches().newSubManager()) {
        NDArray z =
            count == 0
                ? manager.zeros(new Shape(0, trial.columns()), dataType)
                : LossTrial.array(manager, dataType, logits);
        NDArray labels = manager.create(trial.labels(count), shape);
        NDArray weights = weighted ? weights(manager, count).toType(dataType, true) : null;
        String call =
            "%s rows, labels of shape %s, %s sample weights"
                .formatted(count, shape, weighted ? "with" : "without");
        List<Input> inputs = inputs(z, labels, weights);
        try (Result result = Result.of(kernel, z, labels, weights, reduction)) {
          LossTrial.requireType(dataType, result.arrays());
          inputs.forEach(input -> input.requireKept(call));
          requireOwnMemory(call, inputs, result.arrays());
        }
        inputs.forEach(input -> input.requireOpen(call));
      }
    }
  }

  private static NDArray weights(NDManager manager, int count) {
    double[] weights = IntStream.range(0, count).mapToDouble(i -> 0.5 + i % 7).toArray();
    return manager.create(weights, new Shape(count));
  }

  private static List<Input> inputs(NDArray logits, NDArray labels, @Nullable NDArray weights) {
    List<Input> inputs = new ArrayList<>();
    inputs.add(Input.of("logits", logits));
    inputs.add(Input.of("labels", labels));
    if (weights != null) {
      inputs.add(Input.of("sample weights", weights));
    }
    return inputs;
  }

  /** Writes into the inputs, as the next batch of a training is written into the same arrays. */
  private static void requireOwnMemory(String call, List<Input> inputs, List<NDArray> results) {
    List<List<Number>> before = results.stream().map(InputChecks::numbers).toList();
    for (Input input : inputs) {
      input.array().addi(1);
      if (!results.stream().map(InputChecks::numbers).toList().equals(before)) {
        throw new ContractViolation(
            "%s: the result lies in the memory of the %s, which the next batch is written into; return arrays of its own, for instance by duplicate()"
                .formatted(call, input.name()));
      }
    }
  }

  /** Equal if all bits are. */
  private static List<Number> numbers(NDArray array) {
    return List.of(array.toArray());
  }

  /** What a call returned. */
  private record Result(List<NDArray> arrays) implements AutoCloseable {

    static Result of(
        LossKernel kernel,
        NDArray logits,
        NDArray labels,
        @Nullable NDArray weights,
        Reduction reduction) {
      if (reduction == Reduction.NONE) {
        RowLosses rows = kernel.evaluate(logits, labels, weights);
        return new Result(List.of(rows.values(), rows.gradients(), rows.weights()));
      }
      BatchLoss batch = kernel.evaluate(logits, labels, weights, reduction);
      return new Result(List.of(batch.sums(), batch.gradients()));
    }

    @Override
    public void close() {
      arrays.forEach(NDArray::close);
    }
  }

  /**
   * What a loss is given.
   *
   * @param before its numbers before the call
   */
  private record Input(String name, NDArray array, NDManager manager, List<Number> before) {

    static Input of(String name, NDArray array) {
      return new Input(name, array, array.getManager(), numbers(array));
    }

    void requireKept(String call) {
      requireOpen(call);
      List<Number> after = numbers(array);
      for (int i = 0; i < before.size(); i++) {
        if (!after.get(i).equals(before.get(i))) {
          throw new ContractViolation(
              "%s: number %s of the %s was %s and is %s after the call; change a copy, as sub makes one where subi does not (stopGradient and reshape make none)"
                  .formatted(call, i, name, before.get(i), after.get(i)));
        }
      }
      if (array.hasGradient()) {
        throw new ContractViolation(
            "%s: the %s ask for a gradient after the call; set that on a copy, made by duplicate()"
                .formatted(call, name));
      }
    }

    void requireOpen(String call) {
      if (array.isReleased() || array.getManager() != manager) {
        throw new ContractViolation(
            "%s: the %s are closed, or attached to another manager, after the call and the closing of its result; leave that to the caller"
                .formatted(call, name));
      }
    }
  }
}
