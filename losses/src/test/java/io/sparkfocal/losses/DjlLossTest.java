package io.sparkfocal.losses;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.GradientCollector;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class DjlLossTest {

  private static final ClassificationLoss FOCAL =
      FocalLoss.builder().optAlpha(1f, 5f, 0.5f).build();
  private static final double[][] LOGITS = {{2, -1, 0.5}, {0.5, 2, -1}, {1, 0, -1}};
  private static final long[] LABELS = {0, 2, 1};

  private NDManager manager;

  @BeforeEach
  void open() {
    manager = NDManager.newBaseManager();
  }

  @AfterEach
  void close() {
    manager.close();
  }

  private NDArray logits() {
    return Kernels.matrix(manager, DataType.FLOAT64, LOGITS);
  }

  private NDArray labels() {
    return manager.create(LABELS);
  }

  @Test
  void anIgnoredTargetOfOneLogitCountsNothing() {
    NDArray logits =
        Kernels.matrix(manager, DataType.FLOAT32, new double[][] {{2}, {-1}, {Float.NaN}});
    NDArray targets = Kernels.matrix(manager, DataType.FLOAT32, new double[][] {{1}, {0}, {-1}});
    ClassificationLoss sigmoid = SigmoidFocalLoss.builder().build();
    try (DjlLoss loss = new DjlLoss("focal", sigmoid, Reduction.MEAN).withIgnoreIndex(-1);
        DjlLoss plain = new DjlLoss("focal", sigmoid, Reduction.MEAN)) {
      double expected =
          plain.evaluate(new NDList(targets.get("0:2")), new NDList(logits.get("0:2")))
              .toFloatArray()[0];
      NDArray value = loss.evaluate(new NDList(targets), new NDList(logits));
      assertThat((double) value.toFloatArray()[0]).isCloseTo(expected, within(1e-7));
    }
  }

  @ParameterizedTest
  @EnumSource(value = Reduction.class, names = "NONE", mode = EnumSource.Mode.EXCLUDE)
  void valueAndGradientAreThoseOfTheClosedForm(Reduction reduction) {
    RowLosses rows = FOCAL.prepare(manager, DataType.FLOAT64).evaluate(logits(), labels());
    ReducedLoss reduced = reduction.reduce(rows, null);
    double expected = reduced.value().getDouble();
    // The logits are twice a leaf, and the loss is scaled by 3: neither end of the graph is bare.
    double[] gradient = rows.gradients().mul(6).div(reduced.weight().getDouble()).toDoubleArray();

    NDArray leaf = logits().div(2);
    leaf.setRequiresGradient(true);
    try (DjlLoss loss = new DjlLoss("focal", FOCAL, reduction);
        GradientCollector collector = manager.getEngine().newGradientCollector()) {
      NDArray value = loss.evaluate(new NDList(labels()), new NDList(leaf.mul(2)));
      assertThat(value.getShape()).isEqualTo(new Shape());
      assertThat(value.getDouble()).isCloseTo(expected, within(1e-15));
      collector.backward(value.mul(3));
    }
    assertThat(leaf.getGradient().toDoubleArray()).containsExactly(gradient, within(1e-14));
  }

  @Test
  void withoutReductionEveryRowHasItsLossAndItsUpstreamGradient() {
    Kernels.Rows rows = Kernels.run(FOCAL, DataType.FLOAT64, LOGITS, LABELS);
    double[] upstream = {1, -2, 0.5};
    NDArray leaf = logits();
    leaf.setRequiresGradient(true);
    try (DjlLoss loss = new DjlLoss("focal", FOCAL, Reduction.NONE);
        GradientCollector collector = manager.getEngine().newGradientCollector()) {
      NDArray values = loss.evaluate(new NDList(labels()), new NDList(leaf));
      assertThat(values.toDoubleArray()).containsExactly(rows.values(), within(1e-15));
      collector.backward(values.mul(manager.create(upstream)).sum());
    }
    double[] gradient = leaf.getGradient().toDoubleArray();
    for (int i = 0; i < 3; i++) {
      for (int j = 0; j < 3; j++) {
        assertThat(gradient[3 * i + j])
            .isCloseTo(upstream[i] * rows.gradients()[i][j], within(1e-15));
      }
    }
  }

  @Test
  void labelsMayBeFloatsAsDjlsDatasetsGiveThem() {
    try (DjlLoss loss = new DjlLoss("focal", FOCAL, Reduction.MEAN)) {
      NDArray floats = manager.create(new float[] {0, 2, 1}, new Shape(3, 1));
      double value = loss.evaluate(new NDList(floats), new NDList(logits())).getDouble();
      double expected = loss.evaluate(new NDList(labels()), new NDList(logits())).getDouble();
      assertThat(value).isEqualTo(expected);
    }
  }

  @Test
  void aBatchWithoutRowsIsWorthZero() {
    NDArray leaf = manager.zeros(new Shape(0, 3));
    try (DjlLoss loss = new DjlLoss("focal", FOCAL, Reduction.MEAN)) {
      NDArray none = manager.zeros(new Shape(0), DataType.INT64);
      assertThat(loss.evaluate(new NDList(none), new NDList(leaf)).getFloat()).isZero();
    }
  }

  @Test
  void aBatchOfClassesWithoutWeightIsWorthZeroAndTeachesNothing() {
    ClassificationLoss ignoring = CrossEntropyLoss.builder().optAlpha(0f, 1f).build();
    NDArray leaf = manager.create(new float[] {1, 2}, new Shape(1, 2));
    leaf.setRequiresGradient(true);
    try (DjlLoss loss = new DjlLoss("ce", ignoring, Reduction.WEIGHTED_MEAN);
        GradientCollector collector = manager.getEngine().newGradientCollector()) {
      NDArray value = loss.evaluate(new NDList(manager.create(new long[] {0})), new NDList(leaf));
      assertThat(value.getFloat()).isZero();
      collector.backward(value);
    }
    assertThat(leaf.getGradient().toFloatArray()).containsExactly(new float[] {0, 0}, within(0f));
  }

  @Test
  void oneLossServesBothDataTypes() {
    try (DjlLoss loss = new DjlLoss("focal", FOCAL, Reduction.SUM)) {
      NDArray floats = Kernels.matrix(manager, DataType.FLOAT32, LOGITS);
      NDArray single = loss.evaluate(new NDList(labels()), new NDList(floats));
      NDArray twice = loss.evaluate(new NDList(labels()), new NDList(logits()));
      assertThat(single.getDataType()).isEqualTo(DataType.FLOAT32);
      assertThat((double) single.getFloat()).isCloseTo(twice.getDouble(), within(1e-5));
    }
  }

  @Test
  void aThousandCallsLeaveNothingBehindButTheirResults() {
    NDList labels = new NDList(labels());
    NDList predictions = new NDList(logits());
    try (DjlLoss loss = new DjlLoss("focal", FOCAL, Reduction.MEAN)) {
      int before = manager.getManagedArrays().size();
      for (int i = 0; i < 1000; i++) {
        loss.evaluate(labels, predictions).close();
      }
      assertThat(manager.getManagedArrays()).hasSize(before);
    }
  }

  @Test
  void constantsMadeInsideAScopeOutliveIt() {
    NDList labels = new NDList(labels());
    NDList predictions = new NDList(logits());
    try (DjlLoss loss = new DjlLoss("focal", FOCAL, Reduction.MEAN)) {
      NDArray inside;
      try (NDScope scope = new NDScope()) {
        scope.suppressNotUsedWarning();
        inside = loss.evaluate(labels, predictions);
      }
      assertThat(inside.isReleased()).isTrue();
      assertThat(loss.evaluate(labels, predictions).getDouble()).isPositive();
    }
  }

  @Test
  void djlAccumulatesTheMeanOverBatches() {
    try (DjlLoss loss = new DjlLoss("focal", FOCAL, Reduction.MEAN)) {
      NDList predictions = new NDList(Kernels.matrix(manager, DataType.FLOAT32, LOGITS));
      NDList doubled = new NDList(predictions.head().mul(2));
      NDList labels = new NDList(labels());
      float first = loss.evaluate(labels, predictions).getFloat();
      float second = loss.evaluate(labels, doubled).getFloat();
      loss.addAccumulator("train");
      loss.updateAccumulator("train", labels, predictions);
      loss.updateAccumulator("train", labels, doubled);
      assertThat(loss.getAccumulator("train")).isCloseTo((first + second) / 2, within(1e-6f));
      assertThat(loss.getName()).isEqualTo("focal");
    }
  }

  @Test
  void aClosedLossFails() {
    DjlLoss loss = new DjlLoss("focal", FOCAL, Reduction.MEAN);
    NDList labels = new NDList(labels());
    NDList predictions = new NDList(logits());
    assertThat(loss.evaluate(labels, predictions).getDouble()).isPositive();
    loss.close();
    loss.close();
    assertThatIllegalStateException()
        .isThrownBy(() -> loss.evaluate(labels, predictions))
        .withMessage("Loss \"focal\" is closed.");
  }

  @Test
  void listsMustHoldOneArray() {
    try (DjlLoss loss = new DjlLoss("focal", FOCAL, Reduction.MEAN)) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> loss.evaluate(new NDList(labels(), labels()), new NDList(logits())))
          .withMessage("A loss takes one array of labels but was given 2.");
      assertThatIllegalArgumentException()
          .isThrownBy(() -> loss.evaluate(new NDList(labels()), new NDList()))
          .withMessage("A loss takes one array of predictions but was given 0.");
    }
  }

  @Test
  void logitsOfATypeWithoutKernelAreRefused() {
    try (DjlLoss loss = new DjlLoss("focal", FOCAL, Reduction.MEAN)) {
      NDArray half = logits().toType(DataType.FLOAT16, false);
      assertThatIllegalArgumentException()
          .isThrownBy(() -> loss.evaluate(new NDList(labels()), new NDList(half)))
          .withMessageContaining("float16 was asked for");
    }
  }
}
