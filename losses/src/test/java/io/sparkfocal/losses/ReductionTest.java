package io.sparkfocal.losses;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ReductionTest {

  private NDManager manager;
  private RowLosses rows;
  private NDArray sampleWeights;

  @BeforeEach
  void makeThreeRows() {
    manager = NDManager.newBaseManager();
    rows =
        new RowLosses(
            manager.create(new float[] {1, 2, 6}),
            manager.create(new float[] {1, -1, 2, -2, 3, -3}, new Shape(3, 2)),
            manager.create(new float[] {0.5f, 0.5f, 2}));
    sampleWeights = manager.create(new float[] {4, 0, 1});
  }

  @AfterEach
  void close() {
    manager.close();
  }

  private static void is(ReducedLoss reduced, float sum, float weight, float value) {
    assertThat(reduced.sum().getShape()).isEqualTo(new Shape());
    assertThat(reduced.weight().getShape()).isEqualTo(new Shape());
    assertThat(reduced.sum().getFloat()).isEqualTo(sum);
    assertThat(reduced.weight().getFloat()).isEqualTo(weight);
    assertThat(reduced.value().getFloat()).isEqualTo(value);
  }

  @Test
  void withoutSampleWeightsEveryRowCountsOnce() {
    is(Reduction.SUM.reduce(rows, null), 9, 1, 9);
    is(Reduction.MEAN.reduce(rows, null), 9, 3, 3);
    is(Reduction.WEIGHTED_MEAN.reduce(rows, null), 9, 3, 3);
  }

  @Test
  void sampleWeightsScaleValuesAndDenominators() {
    is(Reduction.SUM.reduce(rows, sampleWeights), 10, 1, 10);
    is(Reduction.MEAN.reduce(rows, sampleWeights), 10, 5, 2);
    is(Reduction.WEIGHTED_MEAN.reduce(rows, sampleWeights), 10, 4, 2.5f);
  }

  @ParameterizedTest
  @EnumSource(value = Reduction.class, names = "NONE", mode = EnumSource.Mode.EXCLUDE)
  void sampleWeightsScaleTheGradientsOfTheirRows(Reduction reduction) {
    NDArray gradient = reduction.sumGradient(rows, sampleWeights);
    assertThat(gradient.toFloatArray())
        .containsExactly(new float[] {4, -4, 0, 0, 3, -3}, within(0f));
    assertThat(gradient.getShape()).isEqualTo(new Shape(3, 2));
    assertThat(reduction.sumGradient(rows, null)).isSameAs(rows.gradients());
  }

  @ParameterizedTest
  @EnumSource(value = Reduction.class, names = "NONE", mode = EnumSource.Mode.EXCLUDE)
  void aBatchWithoutWeightIsWorthZero(Reduction reduction) {
    NDArray zeros = manager.zeros(new Shape(3));
    assertThat(reduction.reduce(rows, zeros).value().getFloat()).isZero();
  }

  @ParameterizedTest
  @EnumSource(value = Reduction.class, names = "NONE", mode = EnumSource.Mode.EXCLUDE)
  void aBatchWithoutRowsIsWorthZero(Reduction reduction) {
    LossKernel kernel = FocalLoss.builder().build().prepare(manager, DataType.FLOAT32);
    RowLosses empty =
        kernel.evaluate(
            manager.zeros(new Shape(0, 3)), manager.zeros(new Shape(0), DataType.INT64));
    assertThat(reduction.reduce(empty, null).value().getFloat()).isZero();
    NDArray noWeights = manager.zeros(new Shape(0));
    assertThat(reduction.reduce(empty, noWeights).value().getFloat()).isZero();
    assertThat(reduction.sumGradient(empty, noWeights).getShape()).isEqualTo(new Shape(0, 3));
  }

  @ParameterizedTest
  @EnumSource(
      value = Reduction.class,
      names = {"MEAN", "WEIGHTED_MEAN"})
  void unevenPartsOfABatchAddUpToTheWhole(Reduction reduction) {
    LossKernel kernel =
        FocalLoss.builder().optAlpha(1f, 5f, 0.5f).build().prepare(manager, DataType.FLOAT64);
    double[][] matrix = {{2, -1, 0.5}, {0.5, 2, -1}, {1, 0, -1}, {0, 0, 3}, {1, 1, 1}};
    NDArray logits = Kernels.matrix(manager, DataType.FLOAT64, matrix);
    NDArray labels = manager.create(new long[] {0, 2, 1, 2, 0});
    NDArray weights = manager.create(new double[] {1, 2, 0.5, 3, 0});
    ReducedLoss whole = reduction.reduce(kernel.evaluate(logits, labels), weights);
    RowLosses firstRows = kernel.evaluate(logits.get(":2"), labels.get(":2"));
    RowLosses lastRows = kernel.evaluate(logits.get("2:"), labels.get("2:"));
    ReducedLoss first = reduction.reduce(firstRows, weights.get(":2"));
    ReducedLoss last = reduction.reduce(lastRows, weights.get("2:"));
    ReducedLoss together =
        new ReducedLoss(first.sum().add(last.sum()), first.weight().add(last.weight()));
    assertThat(together.value().getDouble()).isCloseTo(whole.value().getDouble(), within(1e-15));
    // The mean of the two means is something else: the test would notice an early division.
    double early = (first.value().getDouble() + last.value().getDouble()) / 2;
    assertThat(Math.abs(early - whole.value().getDouble())).isGreaterThan(0.01);
    NDArray gradient = reduction.sumGradient(kernel.evaluate(logits, labels), weights);
    NDArray parts =
        reduction
            .sumGradient(firstRows, weights.get(":2"))
            .concat(reduction.sumGradient(lastRows, weights.get("2:")));
    assertThat(parts.toDoubleArray()).containsExactly(gradient.toDoubleArray(), within(1e-15));
  }

  @ParameterizedTest
  @EnumSource(value = Reduction.class, names = "NONE", mode = EnumSource.Mode.EXCLUDE)
  void nothingIsLeftBehindButTheResult(Reduction reduction) {
    int before = manager.getManagedArrays().size();
    for (NDArray weights : new NDArray[] {sampleWeights, null}) {
      try (ReducedLoss reduced = reduction.reduce(rows, weights)) {
        reduced.value().close();
        assertThat(manager.getManagedArrays()).hasSize(before + 2);
      }
      assertThat(manager.getManagedArrays()).hasSize(before);
    }
    reduction.sumGradient(rows, sampleWeights).close();
    assertThat(manager.getManagedArrays()).hasSize(before);
  }

  @ParameterizedTest
  @EnumSource(value = Reduction.class, names = "NONE", mode = EnumSource.Mode.EXCLUDE)
  void resultsBelongToTheManagerOfTheRowsNotToThatOfTheSampleWeights(Reduction reduction) {
    try (NDManager longLived = NDManager.newBaseManager()) {
      NDArray weights = longLived.create(new float[] {4, 0, 1});
      ReducedLoss reduced = reduction.reduce(rows, weights);
      assertThat(reduced.sum().getManager()).isSameAs(manager);
      assertThat(reduced.weight().getManager()).isSameAs(manager);
      assertThat(reduction.sumGradient(rows, weights).getManager()).isSameAs(manager);
      assertThat(longLived.getManagedArrays()).hasSize(1);
    }
  }

  @Test
  void noneHasNoSum() {
    assertThatIllegalStateException()
        .isThrownBy(() -> Reduction.NONE.reduce(rows, null))
        .withMessage(
            "Reduction NONE keeps one loss per row and has no sum; use SUM, MEAN or WEIGHTED_MEAN.");
    assertThatIllegalStateException().isThrownBy(() -> Reduction.NONE.sumGradient(rows, null));
  }

  @Test
  void sampleWeightsMustBeOnePerRowInTheTypeOfTheValues() {
    NDArray two = manager.zeros(new Shape(2));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Reduction.SUM.reduce(rows, two))
        .withMessage(
            "Sample weights must be float32 of shape (3), one per row, but are float32 of shape (2).");
    NDArray doubles = manager.zeros(new Shape(3), DataType.FLOAT64);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Reduction.MEAN.sumGradient(rows, doubles))
        .withMessage(
            "Sample weights must be float32 of shape (3), one per row, but are float64 of shape (3).");
  }
}
