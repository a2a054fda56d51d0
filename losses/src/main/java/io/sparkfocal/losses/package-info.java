/**
 * Losses for imbalanced classes, in closed form: value and gradient in one pass, stable in log
 * space.
 *
 * <p>A {@link io.sparkfocal.losses.ClassificationLoss} describes, its {@link
 * io.sparkfocal.losses.LossKernel} computes {@link io.sparkfocal.losses.RowLosses}, and a {@link
 * io.sparkfocal.losses.Reduction} makes one number of them. {@link io.sparkfocal.losses.DjlLoss}
 * puts all of it behind DJL's own loss. A new loss is a formula on a checked batch that leaves
 * memory, scopes and checks to {@code ClosedFormKernel}, and that reads no value back to the host.
 *
 * <p>Depends on the DJL API alone, so that any DJL program can use it. Nothing here knows Spark, a
 * training loop or a collective.
 */
@org.jspecify.annotations.NullMarked
package io.sparkfocal.losses;
