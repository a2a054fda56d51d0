package io.sparkfocal.losses;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.engine.EngineException;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.GradientCollector;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** What every kernel promises, whatever its formula. */
class LossKernelTest {

  /** A loss and the number of logits per row that it takes. */
  record Subject(ClassificationLoss loss, int columns) {
    @Override
    public String toString() {
      return loss.getClass().getSimpleName();
    }
  }

  static Stream<Subject> losses() {
    return Stream.of(
        new Subject(FocalLoss.builder().build(), 2),
        new Subject(FocalLoss.builder().optAlpha(1f, 2f).build(), 2),
        new Subject(SigmoidFocalLoss.builder().build(), 1),
        new Subject(CrossEntropyLoss.builder().build(), 2),
        new Subject(CrossEntropyLoss.builder().optAlpha(1f, 2f).build(), 2));
  }

  private NDManager kernelManager;
  private NDManager manager;

  @BeforeEach
  void openManagers() {
    kernelManager = NDManager.newBaseManager();
    manager = NDManager.newBaseManager();
  }

  @AfterEach
  void closeManagers() {
    manager.close();
    kernelManager.close();
  }

  private NDArray logits(Subject subject, int rows) {
    return manager
        .arange(rows * subject.columns())
        .toType(DataType.FLOAT32, false)
        .reshape(rows, subject.columns());
  }

  @ParameterizedTest
  @MethodSource("losses")
  void resultsHaveTheShapesAndTypeOfTheContract(Subject subject) {
    for (DataType dataType : new DataType[] {DataType.FLOAT32, DataType.FLOAT64}) {
      LossKernel kernel = subject.loss().prepare(kernelManager, dataType);
      for (int rows : new int[] {0, 1, 3}) {
        NDArray logits = manager.zeros(new Shape(rows, subject.columns()), dataType);
        NDArray labels = manager.zeros(new Shape(rows), DataType.INT64);
        RowLosses result = kernel.evaluate(logits, labels);
        assertThat(result.values().getShape()).isEqualTo(new Shape(rows));
        assertThat(result.gradients().getShape()).isEqualTo(logits.getShape());
        assertThat(result.weights().getShape()).isEqualTo(new Shape(rows));
        for (NDArray array :
            new NDArray[] {result.values(), result.gradients(), result.weights()}) {
          assertThat(array.getDataType()).isEqualTo(dataType);
          assertThat(array.getDevice()).isEqualTo(logits.getDevice());
          assertThat(array.getManager()).isSameAs(manager);
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("losses")
  void labelsMayBeAColumn(Subject subject) {
    LossKernel kernel = subject.loss().prepare(kernelManager, DataType.FLOAT32);
    NDArray logits = logits(subject, 3);
    NDArray labels = manager.create(new long[] {1, 0, 1});
    RowLosses row = kernel.evaluate(logits, labels);
    RowLosses column = kernel.evaluate(logits, labels.reshape(3, 1));
    assertThat(column.values()).isEqualTo(row.values());
    assertThat(column.gradients()).isEqualTo(row.gradients());
    assertThat(column.weights()).isEqualTo(row.weights());
  }

  @ParameterizedTest
  @MethodSource("losses")
  void aRowHasTheSameLossAloneAsInABatch(Subject subject) {
    LossKernel kernel = subject.loss().prepare(kernelManager, DataType.FLOAT32);
    NDArray logits = logits(subject, 3);
    NDArray labels = manager.create(new long[] {1, 0, 1});
    RowLosses batch = kernel.evaluate(logits, labels);
    for (int i = 0; i < 3; i++) {
      RowLosses alone =
          kernel.evaluate(logits.get(i + ":" + (i + 1)), labels.get(i + ":" + (i + 1)));
      assertThat(alone.values().getFloat(0)).isEqualTo(batch.values().getFloat(i));
      assertThat(alone.gradients().toFloatArray())
          .isEqualTo(batch.gradients().get(i).toFloatArray());
    }
  }

  @ParameterizedTest
  @MethodSource("losses")
  void inputsAreLeftAsTheyWere(Subject subject) {
    LossKernel kernel = subject.loss().prepare(kernelManager, DataType.FLOAT32);
    NDArray logits = logits(subject, 3);
    NDArray labels = manager.create(new long[] {1, 0, 1});
    kernel.evaluate(logits, labels);
    RowLosses first = kernel.evaluate(logits, labels);
    first.values().subi(first.values());
    first.weights().subi(first.weights());
    first.gradients().subi(first.gradients());
    assertThat(logits).isEqualTo(logits(subject, 3));
    assertThat(labels.toLongArray()).containsExactly(1, 0, 1);
    // Nor do the results share memory with the constants.
    assertThat(kernel.evaluate(logits, labels).weights().sum().getFloat()).isPositive();
  }

  @ParameterizedTest
  @MethodSource("losses")
  void aThousandCallsLeaveNothingBehindButTheirResults(Subject subject) {
    LossKernel kernel = subject.loss().prepare(kernelManager, DataType.FLOAT32);
    NDArray logits = logits(subject, 3);
    NDArray labels = manager.create(new long[] {1, 0, 1});
    int before = manager.getManagedArrays().size();
    int constants = kernelManager.getManagedArrays().size();
    RowLosses kept = kernel.evaluate(logits, labels);
    assertThat(manager.getManagedArrays()).hasSize(before + 3);
    kept.close();
    for (int i = 0; i < 1000; i++) {
      kernel.evaluate(logits, labels).close();
    }
    assertThat(manager.getManagedArrays()).hasSize(before);
    assertThat(kernelManager.getManagedArrays()).hasSize(constants);
  }

  @ParameterizedTest
  @MethodSource("losses")
  void aFailedCallLeavesNothingBehind(Subject subject) {
    LossKernel kernel = subject.loss().prepare(kernelManager, DataType.FLOAT32);
    NDArray logits = logits(subject, 1);
    NDArray labels = manager.create(new long[] {5});
    int before = manager.getManagedArrays().size();
    assertThatThrownBy(() -> kernel.evaluate(logits, labels)).isInstanceOf(EngineException.class);
    assertThat(manager.getManagedArrays()).hasSize(before);
  }

  @ParameterizedTest
  @MethodSource("losses")
  void noGraphIsBuiltForLogitsThatRequireAGradient(Subject subject) {
    LossKernel kernel = subject.loss().prepare(kernelManager, DataType.FLOAT32);
    NDArray leaf = logits(subject, 3);
    leaf.setRequiresGradient(true);
    NDArray labels = manager.create(new long[] {1, 0, 1});
    try (GradientCollector collector = manager.getEngine().newGradientCollector()) {
      NDArray node = leaf.mul(leaf);
      for (NDArray logits : new NDArray[] {leaf, node}) {
        RowLosses rows = kernel.evaluate(logits, labels);
        for (NDArray result : new NDArray[] {rows.values(), rows.gradients(), rows.weights()}) {
          NDArray sum = result.sum();
          assertThatThrownBy(() -> collector.backward(sum))
              .isInstanceOf(EngineException.class)
              .hasMessageContaining("does not require grad");
        }
      }
      // The graph of the logits themselves is untouched.
      collector.backward(node.sum());
    }
    assertThat(leaf.getGradient()).isEqualTo(leaf.stopGradient().mul(2));
  }

  @ParameterizedTest
  @MethodSource("losses")
  void aScopeOfTheCallerOwnsResultsButNotConstants(Subject subject) {
    LossKernel kernel;
    NDArray logits = logits(subject, 3);
    NDArray labels = manager.create(new long[] {1, 0, 1});
    RowLosses rows;
    try (NDScope scope = new NDScope()) {
      scope.suppressNotUsedWarning();
      kernel = subject.loss().prepare(kernelManager, DataType.FLOAT32);
      rows = kernel.evaluate(logits, labels);
    }
    assertThat(rows.values().isReleased()).isTrue();
    assertThat(rows.gradients().isReleased()).isTrue();
    assertThat(rows.weights().isReleased()).isTrue();
    assertThat(kernel.evaluate(logits, labels).values().isReleased()).isFalse();
  }

  @ParameterizedTest
  @EnumSource(
      value = DataType.class,
      names = {"FLOAT16", "BFLOAT16", "INT64"})
  void otherDataTypesAreRefused(DataType dataType) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> FocalLoss.builder().build().prepare(kernelManager, dataType))
        .withMessage(
            "Losses are computed in float32 or float64 but "
                + dataType
                + " was asked for; convert the logits.");
  }

  @Test
  void logitsOfAnotherTypeThanPreparedForAreRefused() {
    LossKernel kernel = FocalLoss.builder().build().prepare(kernelManager, DataType.FLOAT32);
    NDArray logits = manager.zeros(new Shape(1, 2), DataType.FLOAT64);
    NDArray labels = manager.create(new long[] {0});
    assertThatIllegalArgumentException()
        .isThrownBy(() -> kernel.evaluate(logits, labels))
        .withMessage(
            "This kernel was prepared for float32 logits but they are float64; prepare one for that type.");
  }

  @Test
  void logitsMustBeAMatrix() {
    LossKernel kernel = FocalLoss.builder().build().prepare(kernelManager, DataType.FLOAT32);
    NDArray logits = manager.zeros(new Shape(2));
    NDArray labels = manager.create(new long[] {0, 0});
    assertThatIllegalArgumentException()
        .isThrownBy(() -> kernel.evaluate(logits, labels))
        .withMessage("Logits must have shape (B, C) but have shape (2).");
  }

  @Test
  void labelsMustBeClassNumbers() {
    LossKernel kernel = FocalLoss.builder().build().prepare(kernelManager, DataType.FLOAT32);
    NDArray logits = manager.zeros(new Shape(2, 2));
    NDArray labels = manager.zeros(new Shape(2), DataType.INT32);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> kernel.evaluate(logits, labels))
        .withMessage("Labels must be int64 class numbers but are int32.");
  }

  @Test
  void labelsMustBeOnePerRow() {
    LossKernel kernel = FocalLoss.builder().build().prepare(kernelManager, DataType.FLOAT32);
    NDArray logits = manager.zeros(new Shape(2, 3));
    NDArray labels = manager.zeros(new Shape(1, 2), DataType.INT64);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> kernel.evaluate(logits, labels))
        .withMessage(
            "Labels for logits of shape (2, 3) must have shape (2) or (2, 1) but have shape (1, 2).");
  }

  static Stream<ClassificationLoss> lossesOfShares() {
    return Stream.of(
        new AsymmetricLoss(1, 4, 0.05f),
        SigmoidFocalLoss.builder().optAlpha(0.3f).optShares(true).build(),
        SigmoidFocalLoss.builder().optGamma(0).optWeights(1, 1).optShares(true).build(),
        new SigmoidCrossEntropyLoss());
  }

  /** For several labels of a row: what a target of 1 and one of 0 give, each by its share. */
  @ParameterizedTest
  @MethodSource("lossesOfShares")
  void aTargetBetweenCountsAsBoth(ClassificationLoss loss) {
    LossKernel kernel = loss.prepare(kernelManager, DataType.FLOAT32);
    NDArray logits = manager.create(new float[][] {{-2, 0.5f, 3}});
    float[][] values = new float[3][];
    float[][] slopes = new float[3][];
    float[] targets = {0, 1, 0.25f};
    for (int i = 0; i < targets.length; i++) {
      NDArray target = manager.full(new Shape(1, 3), targets[i]);
      try (RowLosses rows = kernel.evaluate(logits, target)) {
        values[i] = rows.values().toFloatArray();
        slopes[i] = rows.gradients().toFloatArray();
      }
    }
    assertThat(values[2][0]).isCloseTo(0.75f * values[0][0] + 0.25f * values[1][0], within(1e-6f));
    for (int c = 0; c < 3; c++) {
      assertThat(slopes[2][c])
          .isCloseTo(0.75f * slopes[0][c] + 0.25f * slopes[1][c], within(1e-6f));
    }
  }
}
