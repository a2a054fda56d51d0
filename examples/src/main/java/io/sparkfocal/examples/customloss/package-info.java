/**
 * A loss of one's own: written as a formula, verified, handed to the estimator. Start at {@link
 * io.sparkfocal.examples.customloss.CustomLoss}.
 */
@org.jspecify.annotations.NullMarked
package io.sparkfocal.examples.customloss;
