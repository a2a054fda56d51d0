package io.sparkfocal.examples.customloss;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import io.sparkfocal.losses.Constants;
import io.sparkfocal.losses.FormulaLoss;
import io.sparkfocal.losses.LossContract;
import org.junit.jupiter.api.Test;

/** The example's loss keeps the contract; the usual mistakes in writing it do not. */
class CustomLossTest {

  @Test
  void theExampleKeepsTheContract() {
    LossContract.verify(new TaylorCrossEntropy()).requirePassed();
  }

  @Test
  void mathWithJavaNumbersIsTold() {
    FormulaLoss onTheHost =
        new FormulaLoss() {
          @Override
          protected NDArray values(NDArray logits, NDArray labels, Constants numbers) {
            NDArray q = logits.softmax(1).gather(labels, 1).neg().add(1);
            return q.mul(q).mul(0.5f).add(q);
          }
        };
    assertThat(LossContract.verify(onTheHost).toString())
        .contains("FAIL  free of host reads: add(Number) copies a number to the device");
  }

  @Test
  void aLabelOnTheHostIsTold() {
    FormulaLoss elsewhere =
        new FormulaLoss() {
          @Override
          protected NDArray values(NDArray logits, NDArray labels, Constants numbers) {
            long[] onTheHost = labels.toLongArray();
            NDArray copied = logits.getManager().create(onTheHost).reshape(labels.getShape());
            return logits.logSoftmax(1).gather(copied, 1).neg();
          }
        };
    assertThat(LossContract.verify(elsewhere).toString())
        .contains("toLongArray reads from the device")
        .contains("create copies numbers to the device");
  }

  @Test
  void aLostAxisIsTold() {
    FormulaLoss squeezed =
        new FormulaLoss() {
          @Override
          protected NDArray values(NDArray logits, NDArray labels, Constants numbers) {
            return logits.logSoftmax(1).gather(labels, 1).neg().squeeze();
          }
        };
    assertThat(LossContract.verify(squeezed).toString())
        .contains("FAIL  batch compatible")
        .contains("return one value per row");
  }

  @Test
  void aLossThatDoesNotReachTheLogitsIsTold() {
    FormulaLoss counted =
        new FormulaLoss() {
          @Override
          protected NDArray values(NDArray logits, NDArray labels, Constants numbers) {
            NDArray guess = logits.argMax(1).reshape(labels.getShape());
            return guess.neq(labels).toType(DataType.FLOAT32, true);
          }
        };
    assertThat(LossContract.verify(counted).toString())
        .contains("values that do not depend on the logits");
  }
}
