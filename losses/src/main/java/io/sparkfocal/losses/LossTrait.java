package io.sparkfocal.losses;

/** What makes a loss other than a smooth function of one row alone. */
public enum LossTrait {
  /**
   * The loss of a row depends on the other rows of its batch, on all ranks; parts of a batch do not
   * add up.
   */
  COUPLES_ROWS,
  /**
   * Factors that depend on the logits are held constant in the gradient, as the paper of the loss
   * has it; the gradient is not the slope of the value.
   */
  HOLDS_FACTORS_CONSTANT,
  /** Classes are treated differently, by weights or counts of their own. */
  KNOWS_CLASSES,
  /** The value or its slope jumps at some logits, such as ties. */
  JUMPS
}
