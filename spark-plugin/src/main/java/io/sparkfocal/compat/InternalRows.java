package io.sparkfocal.compat;

import java.lang.reflect.InvocationTargetException;
import org.apache.spark.rdd.RDD;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.types.StructType;

/**
 * DataFrames of rows in Spark's own form, which no encoder has to make.
 *
 * <p>{@code internalCreateDataFrame} is a method of {@code SparkSession} in Spark 3.5, and of a
 * class behind it in Spark 4.
 */
public final class InternalRows {

  private InternalRows() {}

  /** A DataFrame of the rows. */
  @SuppressWarnings("unchecked")
  public static Dataset<Row> dataFrame(
      SparkSession spark, RDD<InternalRow> rows, StructType schema) {
    try {
      return (Dataset<Row>)
          spark
              .getClass()
              .getMethod("internalCreateDataFrame", RDD.class, StructType.class, boolean.class)
              .invoke(spark, rows, schema, false);
    } catch (IllegalAccessException | InvocationTargetException | NoSuchMethodException e) {
      throw new IllegalStateException(
          "This Spark version has no internalCreateDataFrame; use Spark 3.5 or 4.0.", e);
    }
  }
}
