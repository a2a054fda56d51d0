/** What becomes of logits: probabilities, how far they can be believed, and thresholds. */
@org.jspecify.annotations.NullMarked
package io.sparkfocal.calibration;
