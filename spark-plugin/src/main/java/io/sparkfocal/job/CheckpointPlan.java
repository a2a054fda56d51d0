package io.sparkfocal.job;

import java.io.Serializable;
import org.apache.spark.util.SerializableConfiguration;

/**
 * Where and how often rank 0 writes checkpoints.
 *
 * @param folder of any Hadoop file system, for the checkpoints of all runs
 * @param run name of this run's folder in it
 * @param everySteps steps from one to the next; 0 for no such rule
 * @param everyMillis time from one to the next; 0 for no such rule
 * @param kept how many of the newest stay, at least 1
 * @param hadoop settings of the file system
 */
public record CheckpointPlan(
    String folder,
    String run,
    long everySteps,
    long everyMillis,
    int kept,
    SerializableConfiguration hadoop)
    implements Serializable {}
