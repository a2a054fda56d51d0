package io.sparkfocal.data;

import java.util.Arrays;
import java.util.List;
import org.apache.spark.ml.linalg.DenseVector;
import org.apache.spark.ml.linalg.SparseVector;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.sql.Row;
import org.jspecify.annotations.Nullable;

/** Reads and standardizes the features of {@code Row}s, for scoring. */
public final class RowFeatures {

  private final FeatureLayout layout;
  private final FeatureValues check;
  private final Standardization standardization;

  /** For rows that have the columns of the layout, in its order, and nothing else. */
  public RowFeatures(FeatureLayout layout, Standardization standardization) {
    this.layout = layout;
    this.check = new FeatureValues(layout, standardization.means().length);
    this.standardization = standardization;
  }

  /**
   * Reads the features of a row.
   *
   * @param values where they go, as the network takes them: shape (F)
   * @throws IllegalArgumentException if one is null or not finite, or there are too few or too many
   */
  public void read(Row row, float[] values) {
    switch (layout.kind()) {
      case VECTOR -> readVector(check.present(row.<Vector>getAs(0)), values);
      case FLOAT_ARRAY, DOUBLE_ARRAY ->
          readList(row.isNullAt(0) ? check.present(null) : row.<Number>getList(0), values);
      case COLUMNS -> {
        for (int i = 0; i < values.length; i++) {
          values[i] = number(row.get(i), i);
        }
      }
      case TABLE -> readTable(row, values);
      case IMAGE -> throw new IllegalStateException("Images are read by their encoding.");
    }
  }

  private void readTable(Row row, float[] values) {
    int at = 0;
    for (int i = 0; i < layout.parts().size(); i++) {
      Object value = row.get(i);
      if (value instanceof String text) {
        throw new BadRowException(
            "Column \"%s\" has the text \"%s\", but the model was trained on numbers; give it the columns it was trained on."
                .formatted(layout.parts().get(i).name(), text));
      }
      if (value == null) {
        throw check.nullFeature(i);
      }
      List<?> all =
          layout.parts().get(i).isOne()
              ? List.of(value)
              : value instanceof Vector vector
                  ? Arrays.stream(vector.toArray()).boxed().toList()
                  : row.getList(i);
      check.sizeAtLeast(at + all.size());
      for (Object one : all) {
        values[at] = number(one, at++);
      }
    }
    check.size(at);
  }

  private void readVector(Vector vector, float[] values) {
    check.size(vector.size());
    if (vector instanceof SparseVector sparse) {
      for (int i = 0; i < values.length; i++) {
        values[i] = standardization.apply(0.0, i);
      }
      int[] indices = sparse.indices();
      for (int k = 0; k < indices.length; k++) {
        values[indices[k]] = standardized(sparse.values()[k], indices[k]);
      }
    } else {
      double[] dense = ((DenseVector) vector).values();
      for (int i = 0; i < values.length; i++) {
        values[i] = standardized(dense[i], i);
      }
    }
  }

  private void readList(List<Number> list, float[] values) {
    check.size(list.size());
    int i = 0;
    for (Number value : list) {
      values[i] = number(value, i);
      i++;
    }
  }

  private float number(@Nullable Object value, int index) {
    if (value == null) {
      throw layout.kind() == FeatureLayout.Kind.COLUMNS
          ? check.nullFeature(index)
          : check.nullFeature();
    }
    return standardized(TableFeatures.number(value), index);
  }

  private float standardized(double value, int index) {
    check.narrow(value, index);
    return standardization.apply(value, index);
  }
}
