package io.sparkfocal.data;

import java.util.List;
import org.apache.spark.ml.linalg.DenseVector;
import org.apache.spark.ml.linalg.SparseVector;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.StructType;

/** Reads the features of {@code Row}s, for scoring. */
public final class RowFeatures {

  private final FeatureLayout layout;
  private final FeatureValues check;
  private final int[] ordinals;

  private RowFeatures(FeatureLayout layout, FeatureValues check, int[] ordinals) {
    this.layout = layout;
    this.check = check;
    this.ordinals = ordinals;
  }

  /** For rows of that schema, of {@code width} features each. */
  public static RowFeatures of(FeatureLayout layout, StructType schema, int width) {
    int[] ordinals = layout.columns().stream().mapToInt(schema::fieldIndex).toArray();
    return new RowFeatures(layout, new FeatureValues(layout, width), ordinals);
  }

  /**
   * Reads the features of a row.
   *
   * @throws IllegalArgumentException if one is null or not finite, or there are too few or too many
   */
  public void read(Row row, float[] values) {
    switch (layout.kind()) {
      case VECTOR -> readVector(check.present(row.<Vector>getAs(ordinals[0])), values);
      case FLOAT_ARRAY, DOUBLE_ARRAY ->
          readList(
              row.isNullAt(ordinals[0]) ? check.present(null) : row.<Number>getList(ordinals[0]),
              values);
      case COLUMNS -> {
        for (int i = 0; i < values.length; i++) {
          values[i] = number(row.get(ordinals[i]), i);
        }
      }
    }
  }

  private void readVector(Vector vector, float[] values) {
    check.size(vector.size());
    if (vector instanceof SparseVector sparse) {
      check.sparse(sparse.indices(), sparse.values(), values);
    } else {
      check.dense(((DenseVector) vector).values(), values);
    }
  }

  private void readList(List<Number> list, float[] values) {
    check.size(list.size());
    for (int i = 0; i < values.length; i++) {
      values[i] = number(list.get(i), i);
    }
  }

  private float number(@org.jspecify.annotations.Nullable Object value, int index) {
    if (value == null) {
      throw check.nullFeature();
    }
    return check.narrow(((Number) value).doubleValue(), index);
  }
}
