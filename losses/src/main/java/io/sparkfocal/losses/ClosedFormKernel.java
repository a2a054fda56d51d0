package io.sparkfocal.losses;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import org.jspecify.annotations.Nullable;

/** Runs a closed form on a checked batch. */
final class ClosedFormKernel extends ScopedKernel {

  /** A closed form; may leave its intermediate arrays open. */
  @FunctionalInterface
  interface Formula {
    RowLosses apply(Batch batch);
  }

  private final DataType dataType;
  private final Formula formula;

  ClosedFormKernel(DataType dataType, Formula formula) {
    this.dataType = dataType;
    this.formula = formula;
  }

  @Override
  RowLosses compute(NDArray logits, NDArray labels, @Nullable NDArray sampleWeights) {
    return formula.apply(Batch.of(logits, labels, sampleWeights, dataType));
  }
}
