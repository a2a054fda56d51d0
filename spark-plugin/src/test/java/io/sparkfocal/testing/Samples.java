package io.sparkfocal.testing;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.apache.spark.ml.linalg.VectorUDT;
import org.apache.spark.ml.linalg.Vectors;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.Metadata;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/** Made-up rows of three unequal classes that can be told apart, the same in every run. */
public final class Samples {

  /** How many features a row has. */
  public static final int FEATURES = 4;

  private static final StructType SCHEMA =
      new StructType()
          .add("id", DataTypes.LongType, false)
          .add("label", DataTypes.IntegerType, false)
          .add(new StructField("features", new VectorUDT(), false, Metadata.empty()))
          .add("weight", DataTypes.DoubleType, false)
          .add("held_out", DataTypes.BooleanType, false);

  private Samples() {}

  /** Columns id, label (0, 1, 2), features (dense), weight and held_out (one row in five). */
  public static Dataset<Row> rows(SparkSession spark, int count) {
    Random random = new Random(11);
    List<Row> rows = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      int label = i % 10 < 6 ? 0 : i % 10 < 9 ? 1 : 2;
      double[] features = new double[FEATURES];
      for (int f = 0; f < FEATURES; f++) {
        features[f] = 10 * f + (f + 1) * (random.nextGaussian() + (f % 3 == label ? 3 : 0));
      }
      rows.add(
          RowFactory.create(
              (long) i, label, Vectors.dense(features), 0.5 + random.nextDouble(), i % 5 == 4));
    }
    return spark.createDataFrame(rows, SCHEMA);
  }
}
