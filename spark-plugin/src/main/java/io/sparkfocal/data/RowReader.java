package io.sparkfocal.data;

import java.io.Serializable;
import java.util.Iterator;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.util.ArrayData;
import org.jspecify.annotations.Nullable;

/**
 * Reads the rows that {@link TrainingColumns#rows} selects into a {@link RowBuffer}.
 *
 * @param features where the features are
 * @param width how many every row must have
 * @param classes labels must be below this
 * @param label name of the label column
 * @param weight name of the weight column; null if there is none
 */
public record RowReader(
    FeatureLayout features, int width, int classes, String label, @Nullable String weight)
    implements Serializable {

  private static final int FIRST_FEATURE = 3;
  private static final byte SPARSE = 0;

  /** A reader for the columns of a plan. */
  public static RowReader of(TrainingColumns columns, int width, int classes) {
    return new RowReader(columns.features(), width, classes, columns.label(), columns.weight());
  }

  /**
   * Reads all rows.
   *
   * @throws IllegalArgumentException at the first row that cannot be trained on
   */
  public RowBuffer read(Iterator<InternalRow> rows) {
    RowBuffer buffer = new RowBuffer(width);
    LabelCheck check = new LabelCheck(label, weight);
    float[] values = new float[width];
    while (rows.hasNext()) {
      InternalRow row = rows.next();
      int labelOfRow = check.classOf(row.isNullAt(0), row.isNullAt(0) ? 0 : row.getDouble(0));
      if (labelOfRow >= classes) {
        throw new IllegalArgumentException(
            "Column \"%s\" has the label %d, which was not there when labels were counted; make the input deterministic, for instance with persist()."
                .formatted(label, labelOfRow));
      }
      float weightOfRow = check.weightOf(row.isNullAt(1), row.isNullAt(1) ? 0 : row.getDouble(1));
      readFeatures(row, values);
      buffer.add(values, labelOfRow, weightOfRow, row.getBoolean(2));
    }
    return buffer;
  }

  private void readFeatures(InternalRow row, float[] values) {
    FeatureValues check = new FeatureValues(features, width);
    switch (features.kind()) {
      case VECTOR -> readVector(row, values, check);
      case FLOAT_ARRAY -> readFloats(check.present(array(row)), values, check);
      case DOUBLE_ARRAY -> readDoubles(check.present(array(row)), values, check);
      case COLUMNS -> readColumns(row, values, check);
    }
  }

  private static @Nullable ArrayData array(InternalRow row) {
    return row.isNullAt(FIRST_FEATURE) ? null : row.getArray(FIRST_FEATURE);
  }

  /** VectorUDT: type (0 sparse, 1 dense), size, indices, values. */
  private static void readVector(InternalRow row, float[] values, FeatureValues check) {
    InternalRow vector =
        check.present(row.isNullAt(FIRST_FEATURE) ? null : row.getStruct(FIRST_FEATURE, 4));
    double[] stored = vector.getArray(3).toDoubleArray();
    if (vector.getByte(0) == SPARSE) {
      check.size(vector.getInt(1));
      check.sparse(vector.getArray(2).toIntArray(), stored, values);
    } else {
      check.size(stored.length);
      check.dense(stored, values);
    }
  }

  private static void readFloats(ArrayData array, float[] values, FeatureValues check) {
    requireNoNulls(array, check);
    check.size(array.numElements());
    check.dense(array.toFloatArray(), values);
  }

  private static void readDoubles(ArrayData array, float[] values, FeatureValues check) {
    requireNoNulls(array, check);
    check.size(array.numElements());
    check.dense(array.toDoubleArray(), values);
  }

  private static void requireNoNulls(ArrayData array, FeatureValues check) {
    for (int i = 0; i < array.numElements(); i++) {
      if (array.isNullAt(i)) {
        throw check.nullFeature();
      }
    }
  }

  private static void readColumns(InternalRow row, float[] values, FeatureValues check) {
    for (int i = 0; i < values.length; i++) {
      if (row.isNullAt(FIRST_FEATURE + i)) {
        throw check.nullFeature(i);
      }
      values[i] = check.narrow(row.getDouble(FIRST_FEATURE + i), i);
    }
  }
}
