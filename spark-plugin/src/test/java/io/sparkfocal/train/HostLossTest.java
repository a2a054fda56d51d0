package io.sparkfocal.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.engine.EngineException;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.sparkfocal.losses.BatchLoss;
import io.sparkfocal.losses.ClassificationLoss;
import io.sparkfocal.losses.CrossEntropyLoss;
import io.sparkfocal.losses.FocalLoss;
import io.sparkfocal.losses.LossKernel;
import io.sparkfocal.losses.Reduction;
import io.sparkfocal.losses.SigmoidFocalLoss;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class HostLossTest {

  private static final int ROWS = 97;

  static Stream<Arguments> losses() {
    return Stream.of(
        Arguments.of(CrossEntropyLoss.builder().build(), 2),
        Arguments.of(CrossEntropyLoss.builder().optAlpha(0.2f, 1, 5).build(), 3),
        Arguments.of(FocalLoss.builder().build(), 2),
        Arguments.of(FocalLoss.builder().optGamma(0.5f).optAlpha(1, 30).build(), 2),
        Arguments.of(FocalLoss.builder().optGamma(3).build(), 7));
  }

  @ParameterizedTest
  @MethodSource("losses")
  void sumsAndGradientsAreThoseOfPytorchsOperations(ClassificationLoss loss, int classes) {
    try (NDManager manager = NDManager.newBaseManager()) {
      LossKernel composed = loss.prepare(manager, DataType.FLOAT32);
      LossKernel host = HostLoss.of(loss, composed, classes);
      assertThat(host).isInstanceOf(HostLoss.class);
      for (double spread : new double[] {1, 30, 1e4}) {
        NDArray logits = manager.create(random(classes, spread), new Shape(ROWS, classes));
        NDArray labels = manager.arange(ROWS).mod(classes).toType(DataType.INT64, false);
        NDArray weights = manager.arange((float) ROWS).div(ROWS);
        for (Reduction reduction :
            List.of(Reduction.SUM, Reduction.MEAN, Reduction.WEIGHTED_MEAN)) {
          requireEqual(
              host.evaluate(logits, labels, weights, reduction),
              composed.evaluate(logits, labels, weights, reduction));
          requireEqual(
              host.evaluate(logits, labels, null, reduction),
              composed.evaluate(logits, labels, null, reduction));
        }
      }
    }
  }

  private static float[] random(int classes, double spread) {
    Random random = new Random(5);
    float[] values = new float[ROWS * classes];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (spread * random.nextGaussian());
    }
    return values;
  }

  private static void requireEqual(BatchLoss found, BatchLoss expected) {
    float[] sums = expected.sums().toFloatArray();
    assertThat(found.sums().toFloatArray()[0]).isCloseTo(sums[0], Percentage.withPercentage(0.01));
    assertThat(found.sums().toFloatArray()[1]).isCloseTo(sums[1], Percentage.withPercentage(0.001));
    float largest = expected.gradients().abs().max().getFloat();
    assertThat(found.gradients().sub(expected.gradients()).abs().max().getFloat())
        .isLessThan(1e-5f * Math.max(1, largest));
  }

  @Test
  void labelsThatAreNoClassesAreAnErrorOfTheEngine() {
    ClassificationLoss loss = FocalLoss.builder().build();
    try (NDManager manager = NDManager.newBaseManager()) {
      LossKernel host = HostLoss.of(loss, loss.prepare(manager, DataType.FLOAT32), 3);
      NDArray logits = manager.zeros(new Shape(2, 3));
      for (long label : new long[] {-1, 3}) {
        NDArray labels = manager.create(new long[] {0, label});
        assertThatThrownBy(() -> host.evaluate(logits, labels, null, Reduction.MEAN))
            .isInstanceOf(EngineException.class);
      }
    }
  }

  @Test
  void anotherLossStaysWithPytorchsOperations() {
    try (NDManager manager = NDManager.newBaseManager()) {
      for (ClassificationLoss loss :
          List.of(
              SigmoidFocalLoss.builder().build(),
              CrossEntropyLoss.builder().optLabelSmoothing(0.1f).build())) {
        LossKernel composed = loss.prepare(manager, DataType.FLOAT32);
        assertThat(HostLoss.of(loss, composed, 3)).isSameAs(composed);
      }
    }
  }
}
