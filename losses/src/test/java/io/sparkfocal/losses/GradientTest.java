package io.sparkfocal.losses;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.types.DataType;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Gradients against central differences of the values, in float64. */
class GradientTest {

  private static final double STEP = 1e-6;

  static Stream<ClassificationLoss> softmaxLosses() {
    return Stream.concat(
        Stream.of(0f, 0.5f, 1f, 2f, 5f)
            .map(gamma -> FocalLoss.builder().optGamma(gamma).optAlpha(0.7f).build()),
        Stream.of(CrossEntropyLoss.builder().optAlpha(0.7f).build()));
  }

  static Stream<ClassificationLoss> sigmoidLosses() {
    return Stream.of(0f, 0.5f, 1f, 2f, 5f)
        .map(gamma -> SigmoidFocalLoss.builder().optGamma(gamma).optWeights(2f, 3f).build());
  }

  @ParameterizedTest
  @MethodSource("softmaxLosses")
  void softmaxGradientsAreTheSlopesOfTheValues(ClassificationLoss loss) {
    for (int rows : new int[] {1, 3}) {
      for (int classes : new int[] {2, 5}) {
        for (double[][] logits : batches(rows, classes)) {
          long[] labels = new Random(7).longs(rows, 0, classes).toArray();
          isSlope(loss, logits, labels);
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("sigmoidLosses")
  void sigmoidGradientsAreTheSlopesOfTheValues(ClassificationLoss loss) {
    for (double[][] logits : batches(3, 1)) {
      isSlope(loss, logits, 0, 1, 1);
      isSlope(loss, logits, 1, 0, 0);
    }
  }

  @ParameterizedTest
  @MethodSource("softmaxLosses")
  void softmaxGradientsOfARowSumToZero(ClassificationLoss loss) {
    for (double[][] logits : batches(3, 5)) {
      for (double[] row : Kernels.run(loss, DataType.FLOAT64, logits, 4, 0, 2).gradients()) {
        double sum = 0;
        for (double gradient : row) {
          sum += gradient;
        }
        assertThat(sum).isCloseTo(0, within(1e-15));
      }
    }
  }

  /** Random logits, zeros, and ties at the top. */
  private static List<double[][]> batches(int rows, int classes) {
    Random random = new Random(31L * rows + classes);
    double[][] gaussian = new double[rows][classes];
    double[][] ties = new double[rows][classes];
    for (int i = 0; i < rows; i++) {
      for (int j = 0; j < classes; j++) {
        gaussian[i][j] = 3 * random.nextGaussian();
        ties[i][j] = j < 2 ? 1.5 : -0.5;
      }
    }
    List<double[][]> batches = new ArrayList<>();
    batches.add(gaussian);
    batches.add(new double[rows][classes]);
    batches.add(ties);
    return batches;
  }

  private static void isSlope(ClassificationLoss loss, double[][] logits, long... labels) {
    double[][] gradients = Kernels.run(loss, DataType.FLOAT64, logits, labels).gradients();
    for (int i = 0; i < logits.length; i++) {
      for (int j = 0; j < logits[i].length; j++) {
        double z = logits[i][j];
        logits[i][j] = z + STEP;
        double above = Kernels.run(loss, DataType.FLOAT64, logits, labels).sum();
        logits[i][j] = z - STEP;
        double below = Kernels.run(loss, DataType.FLOAT64, logits, labels).sum();
        logits[i][j] = z;
        double slope = (above - below) / (2 * STEP);
        assertThat(gradients[i][j]).isCloseTo(slope, within(1e-8));
      }
    }
  }
}
