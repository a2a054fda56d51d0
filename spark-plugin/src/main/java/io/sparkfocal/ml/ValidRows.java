package io.sparkfocal.ml;

import static org.apache.spark.sql.functions.abs;
import static org.apache.spark.sql.functions.expr;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.udf;

import io.sparkfocal.data.Columns;
import io.sparkfocal.data.FeatureColumn;
import io.sparkfocal.data.FeatureLayout;
import io.sparkfocal.data.ReadableImage;
import java.util.Arrays;
import org.apache.spark.ml.linalg.SparseVector;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.api.java.UDF1;
import org.apache.spark.sql.types.DataTypes;

/** The rows that have all features, finite in float32, as a condition of Spark SQL. */
final class ValidRows {

  private static final double LARGEST = Float.MAX_VALUE;

  private ValidRows() {}

  static Column condition(FeatureLayout layout) {
    Column all = lit(true);
    for (FeatureColumn part : layout.parts()) {
      Column column = Columns.named(part.name());
      all = all.and(column.isNotNull()).and(isPresent(part, column));
    }
    return all;
  }

  private static Column isPresent(FeatureColumn part, Column column) {
    return switch (part.form()) {
      case TEXT -> lit(true);
      case NUMBER ->
          part.isFloating() ? abs(column.cast(DataTypes.DoubleType)).leq(LARGEST) : lit(true);
      case VECTOR ->
          udf((UDF1<Vector, Boolean>) ValidRows::isPresent, DataTypes.BooleanType).apply(column);
      case IMAGE -> udf(new ReadableImage(part), DataTypes.BooleanType).apply(column);
      // A function of the elements in Java would be one of Scala.
      case ARRAY ->
          expr(
              "NOT exists(`%s`, x -> x IS NULL OR abs(double(x)) > %sD)"
                  .formatted(part.name().replace("`", "``"), LARGEST));
    };
  }

  private static boolean isPresent(Vector vector) {
    double[] values = vector instanceof SparseVector sparse ? sparse.values() : vector.toArray();
    return Arrays.stream(values).allMatch(value -> Math.abs(value) <= LARGEST);
  }
}
