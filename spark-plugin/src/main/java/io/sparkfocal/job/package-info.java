/**
 * One {@code fit}: the driver's {@link io.sparkfocal.job.TrainingJob} makes a plan and runs a
 * barrier stage; on each executor a {@link io.sparkfocal.job.BarrierTrainingTask} reads its
 * partition, meets the other ranks and trains.
 */
@org.jspecify.annotations.NullMarked
package io.sparkfocal.job;
