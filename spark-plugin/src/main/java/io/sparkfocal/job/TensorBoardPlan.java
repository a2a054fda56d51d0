package io.sparkfocal.job;

import java.io.Serializable;
import org.apache.spark.util.SerializableConfiguration;

/**
 * Where rank 0 writes event files for TensorBoard.
 *
 * @param folder of any Hadoop file system, for the event files of this run
 * @param hadoop settings of the file system
 */
public record TensorBoardPlan(String folder, SerializableConfiguration hadoop)
    implements Serializable {}
