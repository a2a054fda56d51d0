/**
 * One rank's training: flat parameters, the loop over steps and epochs, optimizers, schedules and
 * validation.
 *
 * <p>Runs the same whether the other ranks are threads, processes or absent; nothing here imports
 * Spark.
 */
@org.jspecify.annotations.NullMarked
package io.sparkfocal.train;
