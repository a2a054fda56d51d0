package io.sparkfocal.data;

import org.apache.spark.sql.Row;

/** Reads the features of rows that have the columns of a layout, in its order, and nothing else. */
@FunctionalInterface
public interface FeatureReader {

  /**
   * Reads and encodes the features of a row.
   *
   * @param inputs where they go, as the network takes them
   * @throws IllegalArgumentException if the row cannot be scored
   */
  void read(Row row, float[] inputs);
}
