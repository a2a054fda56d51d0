package io.sparkfocal.job;

import io.sparkfocal.persist.CheckpointFolder;
import java.io.IOException;
import java.io.Serializable;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.SparkContext;
import org.apache.spark.util.SerializableConfiguration;

/**
 * Where rank 0 writes event files for TensorBoard.
 *
 * @param folder of any Hadoop file system, for the event files of this run
 * @param hadoop settings of the file system
 */
public record TensorBoardPlan(String folder, SerializableConfiguration hadoop)
    implements Serializable {

  /**
   * A folder for a run in the folder of all runs; a relative one lies below the working directory
   * that the driver's file system names.
   *
   * @throws IllegalArgumentException if there is no such file system
   */
  static TensorBoardPlan of(String folder, String run, SparkContext spark, Configuration hadoop) {
    try {
      String qualified = CheckpointFolder.qualified(folder, hadoop);
      LocalFolder.warnIfElsewhere(
          "tensorBoardDir", qualified, "the files stay on the host of rank 0", spark);
      return new TensorBoardPlan(
          new Path(qualified, run).toString(), new SerializableConfiguration(hadoop));
    } catch (IOException | IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "tensorBoardDir %s cannot be used: %s; set it to a folder of a file system that executors can write to."
              .formatted(folder, e.getMessage()),
          e);
    }
  }
}
