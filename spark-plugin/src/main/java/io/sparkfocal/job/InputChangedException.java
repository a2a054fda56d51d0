package io.sparkfocal.job;

/**
 * Rows of the input were lost, and came otherwise when they were read again, so that nothing that
 * was made of the first ones is of use.
 */
public final class InputChangedException extends TrainingException {

  private static final long serialVersionUID = 1L;

  InputChangedException() {
    super(
        "Rows were lost with an executor, and other rows came when they were read again, so training has to begin anew; make the input deterministic: write it to a table, or checkpoint() it, after rand() and whatever else depends on the order of rows.",
        null,
        true);
  }
}
