package io.sparkfocal.losses;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.loss.Loss;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** All losses keep the contract, and known mistakes do not. */
class LossContractTest {

  static Stream<String> names() {
    return Catalogue.losses().keySet().stream();
  }

  @ParameterizedTest
  @MethodSource("names")
  void everyLossOfTheLibraryKeepsIt(String name) {
    assertThat(LossContract.verify(Catalogue.losses().get(name)).toString()).doesNotContain("FAIL");
  }

  /** A formula as a loss. */
  @FunctionalInterface
  interface Formula {
    NDArray apply(NDArray logits, NDArray labels, Constants numbers);
  }

  private static ClassificationLoss of(Formula formula) {
    return new FormulaLoss() {
      @Override
      protected NDArray values(NDArray logits, NDArray labels, Constants numbers) {
        return formula.apply(logits, labels, numbers);
      }
    };
  }

  private static ClassificationLoss oneLogit(Formula formula) {
    return new FormulaLoss() {
      @Override
      protected NDArray values(NDArray logits, NDArray labels, Constants numbers) {
        return formula.apply(logits, labels, numbers);
      }

      @Override
      public int outputs(int classes) {
        return 1;
      }

      @Override
      public boolean isSigmoid() {
        return true;
      }
    };
  }

  private static List<String> failed(LossContract.Report report) {
    return report.findings().stream()
        .filter(finding -> !finding.passed())
        .map(LossContract.Finding::check)
        .collect(Collectors.toList());
  }

  /** One row at a time, since DJL's losses return the mean. */
  private static NDArray rowByRow(Loss loss, NDArray logits, NDArray targets) {
    NDList rows = new NDList();
    for (long i = 0; i < logits.getShape().get(0); i++) {
      String row = i + ":" + (i + 1);
      rows.add(loss.evaluate(new NDList(targets.get(row)), new NDList(logits.get(row))).reshape(1));
    }
    // DJL's concatenation of one array cuts the graph.
    return rows.size() > 1 ? NDArrays.concat(rows) : rows.isEmpty() ? logits : rows.head();
  }

  private static NDArray targets(NDArray logits, NDArray labels) {
    return labels.toType(logits.getDataType(), true);
  }

  @Test
  void aFormulaOfTenLinesKeepsIt() {
    ClassificationLoss generalizedCrossEntropy =
        of(
            (logits, labels, numbers) -> {
              NDArray q = numbers.of(0.7f);
              NDArray p = logits.logSoftmax(1).gather(labels, 1).mul(q).exp();
              return numbers.of(1).sub(p).div(q);
            });
    LossContract.Report report = LossContract.verify(generalizedCrossEntropy);
    assertThat(report.passed()).as(report.toString()).isTrue();
    report.requirePassed();
  }

  @Test
  void djlsSigmoidLossHasAWrongGradientAtZero() {
    LossContract.Report report =
        LossContract.verify(
            oneLogit(
                (logits, labels, numbers) ->
                    rowByRow(
                        Loss.sigmoidBinaryCrossEntropyLoss(), logits, targets(logits, labels))),
            2);
    assertThat(failed(report)).contains("differentiable");
    assertThat(report.toString()).contains("logits [0.0], label 0");
  }

  @Test
  void djlsWeightedL1LossForgetsThePrediction() {
    LossContract.Report report =
        LossContract.verify(
            oneLogit(
                (logits, labels, numbers) ->
                    rowByRow(Loss.l1Loss("L1", 2), logits, targets(logits, labels))),
            2);
    assertThat(report.toString()).contains("values that do not depend on the logits");
  }

  @Test
  void naiveFocalLossBreaksNearOne() {
    LossContract.Report report =
        LossContract.verify(
            of(
                (logits, labels, numbers) -> {
                  NDArray p = logits.softmax(1).gather(labels, 1);
                  return numbers.of(1).sub(p).pow(numbers.of(0.5f)).mul(p.log().neg());
                }));
    assertThat(failed(report)).contains("stable");
  }

  @Test
  void mathOnTheHostIsFound() {
    LossContract.Report report =
        LossContract.verify(
            of((logits, labels, numbers) -> logits.logSoftmax(1).gather(labels, 1).mul(-1)));
    assertThat(failed(report)).containsExactly("free of host reads");
    assertThat(report.toString()).contains("mul(Number) copies a number to the device");
    LossContract.Report reading =
        LossContract.verify(
            of(
                (logits, labels, numbers) -> {
                  NDArray values = logits.logSoftmax(1).gather(labels, 1).neg();
                  return values.isEmpty() || values.getFloat(0) < 100 ? values : values.zerosLike();
                }));
    assertThat(reading.toString()).contains("getFloat reads from the device");
  }

  @Test
  void squeezeLosesABatchOfOne() {
    LossContract.Report report =
        LossContract.verify(
            of(
                (logits, labels, numbers) ->
                    logits.logSoftmax(1).gather(labels, 1).neg().squeeze()));
    assertThat(failed(report)).contains("batch compatible");
    assertThat(report.toString()).contains("return one value per row");
  }

  @Test
  void aGradientThatIsNotTheSlopeIsFound() {
    ClassificationLoss half =
        (manager, dataType) ->
            (logits, labels) -> {
              RowLosses rows =
                  CrossEntropyLoss.builder()
                      .build()
                      .prepare(logits.getManager(), dataType)
                      .evaluate(logits, labels);
              rows.gradients().divi(rows.weights().sum().add(rows.weights().sum()));
              return rows;
            };
    assertThat(failed(LossContract.verify(half))).contains("differentiable");
  }

  @Test
  void whatIsLeftBehindIsFound() {
    ClassificationLoss leaking =
        (manager, dataType) -> {
          LossKernel kernel = CrossEntropyLoss.builder().build().prepare(manager, dataType);
          return (logits, labels) -> {
            manager.ones(new Shape(1));
            return kernel.evaluate(logits, labels);
          };
        };
    LossContract.Report report = LossContract.verify(leaking);
    assertThat(report.toString()).contains("1000 calls leave 1000 arrays behind");
  }

  @Test
  void aLossThatKnowsClassesMustSayThatItDoes() {
    ClassificationLoss silent =
        (manager, dataType) -> new LogitAdjustedLoss(1, 1000, 10).prepare(manager, dataType);
    assertThat(failed(LossContract.verify(silent, 2))).containsExactly("invariant");
  }

  /** Cross entropy in closed form, with something done before it and after it. */
  private static ClassificationLoss crossEntropy(
      Consumer<Batch> before, BiFunction<Batch, RowLosses, RowLosses> after) {
    return (manager, dataType) -> {
      NDArray one = new Constants(manager, dataType).vector(1);
      return new ClosedFormKernel(
          dataType,
          batch -> {
            before.accept(batch);
            RowLosses rows = SoftmaxTerms.of(batch.logits(), batch.labelColumn(), one).rows(batch);
            return after.apply(batch, rows);
          });
    };
  }

  private static ClassificationLoss afterCrossEntropy(Consumer<Batch> deed) {
    return crossEntropy(
        batch -> {},
        (batch, rows) -> {
          deed.accept(batch);
          return rows;
        });
  }

  /** Cross entropy, after which something is done to logits and labels themselves. */
  private static ClassificationLoss afterCrossEntropy(BiConsumer<NDArray, NDArray> deed) {
    return (manager, dataType) -> {
      LossKernel kernel = CrossEntropyLoss.builder().build().prepare(manager, dataType);
      return (logits, labels) -> {
        RowLosses rows = kernel.evaluate(logits, labels);
        deed.accept(logits, labels);
        return rows;
      };
    };
  }

  private static String finding(ClassificationLoss loss, String check) {
    return LossContract.verify(loss).findings().stream()
        .filter(finding -> finding.check().equals(check))
        .map(LossContract.Finding::failure)
        .findFirst()
        .orElseThrow();
  }

  @Test
  void logitsThatAreShiftedInPlaceAreFound() {
    ClassificationLoss centering =
        crossEntropy(
            batch -> batch.logits().subi(batch.logits().max(new int[] {1}, true)),
            (batch, rows) -> rows);
    assertThat(failed(LossContract.verify(centering))).containsExactly("inputs kept");
    assertThat(finding(centering, "inputs kept"))
        .matches(
            "1 rows, labels of shape \\(1\\), without sample weights: number \\d of the logits was -?[0-9.]+ and is -?[0-9.]+ after the call; change a copy, .*");
  }

  @Test
  void labelsThatAreWrittenIntoAreFound() {
    ClassificationLoss signing = afterCrossEntropy(batch -> batch.labels().muli(2).subi(1));
    assertThat(finding(signing, "inputs kept")).contains("of the labels was 0 and is -1 after");
  }

  @Test
  void weightsThatAreNormalizedInPlaceAreFound() {
    ClassificationLoss normalizing =
        afterCrossEntropy(
            batch -> {
              NDArray weights = batch.sampleWeights();
              if (weights != null) {
                weights.divi(weights.sum());
              }
            });
    assertThat(finding(normalizing, "inputs kept"))
        .contains("with sample weights: number 0 of the sample weights was 0.5 and is 1.0 after");
  }

  @Test
  void weightsThatAreHandedOutAsTheResultAreFound() {
    ClassificationLoss sharing =
        crossEntropy(
            batch -> {},
            (batch, rows) -> {
              NDArray weights = batch.sampleWeights();
              return weights == null
                  ? rows
                  : new RowLosses(rows.values(), rows.gradients(), batch.flat(weights));
            });
    assertThat(failed(LossContract.verify(sharing))).containsExactly("inputs kept");
    assertThat(finding(sharing, "inputs kept"))
        .contains("the result lies in the memory of the sample weights");
  }

  @Test
  void inputsThatAreClosedAreFound() {
    assertThat(finding(afterCrossEntropy((logits, labels) -> logits.close()), "inputs kept"))
        .contains("the logits are closed, or attached to another manager, after the call");
    assertThat(finding(afterCrossEntropy((logits, labels) -> labels.detach()), "inputs kept"))
        .contains("the labels are closed, or attached to another manager, after the call");
  }

  @Test
  void inputsThatAreMadeToAskForAGradientAreFound() {
    ClassificationLoss asking =
        afterCrossEntropy((logits, labels) -> logits.setRequiresGradient(true));
    assertThat(finding(asking, "inputs kept"))
        .contains("the logits ask for a gradient after the call");
  }

  @Test
  void aResultOfAnotherDataTypeIsNamedByEveryCheckThatMeetsIt() {
    ClassificationLoss doubles =
        crossEntropy(
            batch -> {},
            (batch, rows) ->
                new RowLosses(
                    rows.values().toType(DataType.FLOAT64, true),
                    rows.gradients(),
                    rows.weights()));
    assertThat(LossContract.verify(doubles).findings())
        .filteredOn(finding -> !finding.passed())
        .extracting(LossContract.Finding::check)
        .contains(
            "inputs kept",
            "stable",
            "batch compatible",
            "ignored rows and class axis",
            "device consistent");
    assertThat(LossContract.verify(doubles).findings())
        .filteredOn(finding -> !finding.passed())
        .extracting(LossContract.Finding::failure)
        .allMatch(
            failure ->
                failure.matches(
                    "logits of float32 give a result of float64 and shape \\([0-9, ]*\\); it must be float32, as by .*"));
  }

  @Test
  void aFormulaThatForgetsTheDataTypeIsNamed() {
    ClassificationLoss floats =
        of(
            (logits, labels, numbers) ->
                logits.logSoftmax(1).gather(labels, 1).neg().toType(DataType.FLOAT32, false));
    assertThat(finding(floats, "differentiable"))
        .contains("returns values of float32 for logits of float64");
  }
}
