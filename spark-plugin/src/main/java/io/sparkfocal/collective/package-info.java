/**
 * Sums and copies float tensors between the ranks of one training run.
 *
 * <p>{@link io.sparkfocal.collective.Collective} is the contract; implementations live in packages
 * below this one. Nothing here imports Spark, except the {@code rpc} package, which runs over
 * Spark's own transport.
 */
@org.jspecify.annotations.NullMarked
package io.sparkfocal.collective;
