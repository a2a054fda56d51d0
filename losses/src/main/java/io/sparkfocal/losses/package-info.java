/**
 * Losses for imbalanced classes, in closed form: value and gradient in one pass, stable in log
 * space.
 *
 * <p>Depends on the DJL API alone, so that any DJL program can use it. Nothing here knows Spark, a
 * training loop or a collective.
 */
@org.jspecify.annotations.NullMarked
package io.sparkfocal.losses;
