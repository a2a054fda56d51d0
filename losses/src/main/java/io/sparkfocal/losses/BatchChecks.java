package io.sparkfocal.losses;

import ai.djl.Device;
import ai.djl.engine.EngineException;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.sparkfocal.losses.LossContract.ContractViolation;
import io.sparkfocal.losses.LossTrial.Result;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

/** The checks of {@link LossContract} on batches, devices and order. */
final class BatchChecks {

  private static final long IGNORED = -100;
  private static final int CALLS = 1000;

  private BatchChecks() {}

  static void batchCompatible(LossTrial trial) {
    double[][] logits = trial.normal(5, 2);
    long[] labels = trial.labels(5);
    Result whole = trial.run(DataType.FLOAT32, logits, labels);
    try (NDManager manager = trial.batches().newSubManager()) {
      NDArray array = LossTrial.array(manager, DataType.FLOAT32, logits);
      NDArray column = manager.create(labels, new Shape(5, 1));
      try (RowLosses rows = trial.kernel(DataType.FLOAT32).evaluate(array, column)) {
        same("labels of shape (B, 1)", LossTrial.result(rows, DataType.FLOAT32), whole);
      }
      for (int count : new int[] {0, 1}) {
        NDArray part = array.get("0:" + count);
        NDArray its = manager.create(Arrays.copyOf(labels, count));
        try (RowLosses rows = trial.kernel(DataType.FLOAT32).evaluate(part, its)) {
          shapes(rows, count, trial.columns());
        }
      }
    }
    if (!trial.has(LossTrait.COUPLES_ROWS)) {
      for (int i = 0; i < logits.length; i++) {
        Result alone =
            trial.run(DataType.FLOAT32, new double[][] {logits[i]}, new long[] {labels[i]});
        Result there =
            new Result(
                new double[] {whole.values()[i]},
                new double[][] {whole.gradients()[i]},
                new double[] {whole.weights()[i]});
        same("a row alone, " + NumericChecks.row(logits[i], labels[i]), alone, there);
      }
    }
  }

  private static void shapes(RowLosses rows, int count, int columns) {
    Shape row = new Shape(count);
    Shape matrix = new Shape(count, columns);
    if (!rows.values().getShape().equals(row)
        || !rows.gradients().getShape().equals(matrix)
        || !rows.weights().getShape().equals(row)) {
      throw new ContractViolation(
          "%s rows: values %s, gradients %s, weights %s; they must be %s, %s and %s"
              .formatted(
                  count,
                  rows.values().getShape(),
                  rows.gradients().getShape(),
                  rows.weights().getShape(),
                  row,
                  matrix,
                  row));
    }
  }

  private static void same(String what, Result actual, Result expected) {
    for (int i = 0; i < expected.values().length; i++) {
      boolean equal =
          NumericChecks.near(actual.values()[i], expected.values()[i], 1e-5)
              && NumericChecks.near(actual.weights()[i], expected.weights()[i], 1e-5);
      for (int j = 0; j < expected.gradients()[i].length; j++) {
        equal &= NumericChecks.near(actual.gradients()[i][j], expected.gradients()[i][j], 1e-5);
      }
      if (!equal) {
        throw new ContractViolation(
            "%s: value %s, gradient %s; expected %s, %s"
                .formatted(
                    what,
                    actual.values()[i],
                    Arrays.toString(actual.gradients()[i]),
                    expected.values()[i],
                    Arrays.toString(expected.gradients()[i])));
      }
    }
  }

  /** Through {@link DjlLoss}: images whose sides are as long as there are classes. */
  static void ignoredRows(LossTrial trial) {
    int c = trial.columns();
    double[][] logits = trial.normal(c * c, 2);
    long[] labels = trial.labels(c * c);
    try (NDManager manager = trial.batches().newSubManager();
        DjlLoss plain = new DjlLoss("contract", trial.loss(), Reduction.MEAN)) {
      NDArray rows = LossTrial.array(manager, DataType.FLOAT32, logits);
      NDArray numbers = manager.create(labels);
      float flat = mean(plain, rows, numbers);
      NDArray image = rows.reshape(1, c, c, c).transpose(0, 3, 1, 2);
      float square = mean(plain, image, numbers.reshape(1, c, c));
      if (!NumericChecks.near(square, flat, 1e-5)) {
        throw new ContractViolation(
            "logits of shape (1, %s, %s, %s): the mean is %s, of the same rows in a matrix %s"
                .formatted(c, c, c, square, flat));
      }
    }
    try (NDManager manager = trial.batches().newSubManager();
        DjlLoss ignoring =
            new DjlLoss("contract", trial.loss(), Reduction.MEAN).withIgnoreIndex(IGNORED);
        DjlLoss plain = new DjlLoss("contract", trial.loss(), Reduction.MEAN)) {
      double[][] three = trial.normal(3, 2);
      double[][] broken = {three[0], three[1], three[2].clone()};
      Arrays.fill(broken[2], Double.NaN);
      float two =
          mean(
              plain,
              LossTrial.array(manager, DataType.FLOAT32, new double[][] {three[0], three[1]}),
              manager.create(new long[] {0, 1}));
      NDArray holed = LossTrial.array(manager, DataType.FLOAT32, broken);
      float left = mean(ignoring, holed, manager.create(new long[] {0, 1, IGNORED}));
      float none = mean(ignoring, holed, manager.create(new long[] {IGNORED, IGNORED, IGNORED}));
      if (!NumericChecks.near(left, two, 1e-5) || none != 0) {
        throw new ContractViolation(
            "two rows and an ignored one that holds NaN: the mean is %s, without it %s; all ignored: %s"
                .formatted(left, two, none));
      }
    }
  }

  private static float mean(DjlLoss loss, NDArray logits, NDArray labels) {
    try (NDArray value = loss.evaluate(new NDList(labels), new NDList(logits))) {
      LossTrial.requireType(DataType.FLOAT32, List.of(value));
      return value.toFloatArray()[0];
    }
  }

  static void deviceConsistent(LossTrial trial) {
    double[][] logits = trial.normal(4, 2);
    long[] labels = trial.labels(4);
    for (DataType dataType : new DataType[] {DataType.FLOAT32, DataType.FLOAT64}) {
      try (NDManager manager = trial.batches().newSubManager();
          RowLosses rows =
              trial
                  .kernel(dataType)
                  .evaluate(LossTrial.array(manager, dataType, logits), manager.create(labels))) {
        List<NDArray> results = List.of(rows.values(), rows.gradients(), rows.weights());
        LossTrial.requireType(dataType, results);
        for (NDArray array : results) {
          if (!array.getDevice().equals(Device.cpu())) {
            throw new ContractViolation(
                "logits on %s give a result on %s".formatted(Device.cpu(), array.getDevice()));
          }
        }
      }
    }
    growth(trial, logits, labels);
    if (hasGpu()) {
      onGpu(trial, logits, labels);
    }
  }

  /** By trying, since DJL finds no GPU where the CUDA runtime is in no folder of the system. */
  private static boolean hasGpu() {
    try (NDManager manager = NDManager.newBaseManager(Device.gpu())) {
      manager.zeros(new Shape(1)).close();
      return true;
    } catch (EngineException e) {
      return false;
    }
  }

  private static void growth(LossTrial trial, double[][] logits, long[] labels) {
    try (NDManager manager = trial.batches().newSubManager()) {
      LossKernel kernel = trial.kernel(DataType.FLOAT32);
      NDArray array = LossTrial.array(manager, DataType.FLOAT32, logits);
      NDArray numbers = manager.create(labels);
      kernel.evaluate(array, numbers).close();
      int before = manager.getManagedArrays().size() + trial.constants().getManagedArrays().size();
      for (int call = 0; call < CALLS; call++) {
        kernel.evaluate(array, numbers).close();
      }
      int grown =
          manager.getManagedArrays().size() + trial.constants().getManagedArrays().size() - before;
      if (grown > 0) {
        throw new ContractViolation("%s calls leave %s arrays behind".formatted(CALLS, grown));
      }
    }
  }

  private static void onGpu(LossTrial trial, double[][] logits, long[] labels) {
    Result expected = trial.run(DataType.FLOAT32, logits, labels);
    try (NDManager manager = NDManager.newBaseManager(Device.gpu());
        RowLosses rows =
            trial
                .loss()
                .prepare(manager, DataType.FLOAT32)
                .evaluate(
                    LossTrial.array(manager, DataType.FLOAT32, logits), manager.create(labels))) {
      same("on the GPU against the CPU", LossTrial.result(rows, DataType.FLOAT32), expected);
    }
  }

  static void noHostReads(LossTrial trial) {
    WatchedArrays watched = new WatchedArrays();
    try (NDManager manager = trial.batches().newSubManager()) {
      LossKernel kernel = trial.loss().prepare(watched.watch(trial.constants()), DataType.FLOAT32);
      NDArray logits =
          watched.watch(LossTrial.array(manager, DataType.FLOAT32, trial.normal(4, 2)));
      NDArray labels = watched.watch(manager.create(trial.labels(4)));
      // Constants that are made at the first call are those of the kernel.
      trace(kernel, logits, labels);
      watched.prepared();
      trace(kernel, logits, labels);
      Set<String> crossings = watched.crossings();
      if (!crossings.isEmpty()) {
        throw new ContractViolation("%s".formatted(String.join("; ", crossings)));
      }
    }
  }

  private static void trace(LossKernel kernel, NDArray logits, NDArray labels) {
    if (kernel instanceof ScopedKernel scoped) {
      scoped.trace(logits, labels);
    } else {
      kernel.evaluate(logits, labels);
    }
  }

  static void invariant(LossTrial trial) {
    double[][] logits = trial.normal(4, 2);
    long[] labels = trial.labels(4);
    Result base = trial.run(DataType.FLOAT64, logits, labels);
    double[][] backwards = {logits[3], logits[2], logits[1], logits[0]};
    long[] labelsBackwards = {labels[3], labels[2], labels[1], labels[0]};
    same(
        "rows in another order",
        reversed(trial.run(DataType.FLOAT64, backwards, labelsBackwards)),
        base);
    if (trial.columns() == 1 || trial.loss().isSigmoid()) {
      return;
    }
    double[][] shifted =
        Arrays.stream(logits)
            .map(row -> Arrays.stream(row).map(z -> z + 7).toArray())
            .toArray(double[][]::new);
    same("logits shifted by 7", trial.run(DataType.FLOAT64, shifted, labels), base);
    if (!trial.has(LossTrait.KNOWS_CLASSES)) {
      double[][] mirrored =
          Arrays.stream(logits).map(BatchChecks::mirrored).toArray(double[][]::new);
      long[] others = Arrays.stream(labels).map(y -> trial.classes() - 1 - y).toArray();
      Result result = trial.run(DataType.FLOAT64, mirrored, others);
      double[][] gradients =
          Arrays.stream(result.gradients()).map(BatchChecks::mirrored).toArray(double[][]::new);
      same(
          "classes in another order",
          new Result(result.values(), gradients, result.weights()),
          base);
    }
  }

  private static Result reversed(Result result) {
    double[][] gradients = result.gradients().clone();
    for (int i = 0; i < gradients.length; i++) {
      gradients[i] = result.gradients()[gradients.length - 1 - i];
    }
    return new Result(mirrored(result.values()), gradients, mirrored(result.weights()));
  }

  private static double[] mirrored(double[] numbers) {
    double[] mirrored = new double[numbers.length];
    for (int i = 0; i < numbers.length; i++) {
      mirrored[i] = numbers[numbers.length - 1 - i];
    }
    return mirrored;
  }
}
