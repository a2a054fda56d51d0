package io.sparkfocal.data;

import java.io.Serializable;
import java.util.Arrays;
import java.util.Iterator;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.util.ArrayData;
import org.jspecify.annotations.Nullable;

/**
 * Reads the rows that {@link TrainingColumns#rows} selects.
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
  public RankRows read(Iterator<InternalRow> rows, ShardMemory memory) {
    LabelCheck check = new LabelCheck(label, weight);
    FeatureValues values = new FeatureValues(features, width);
    float[] read = new float[RowStore.stride(width)];
    try (ShardWriter training = memory.training(width);
        ShardWriter validation = memory.validation(width)) {
      while (rows.hasNext()) {
        InternalRow row = rows.next();
        int labelOfRow = check.classOf(row.isNullAt(0), row.isNullAt(0) ? 0 : row.getDouble(0));
        if (labelOfRow >= classes) {
          throw new IllegalArgumentException(
              "Column \"%s\" has the label %d, which was not there when labels were counted; make the input deterministic, for instance with persist()."
                  .formatted(label, labelOfRow));
        }
        readFeatures(row, read, values);
        read[width] = labelOfRow;
        read[width + 1] = check.weightOf(row.isNullAt(1), row.isNullAt(1) ? 0 : row.getDouble(1));
        (row.getBoolean(2) ? validation : training).add(read);
      }
      return new RankRows(training.finish(), validation.finish());
    }
  }

  private void readFeatures(InternalRow row, float[] to, FeatureValues check) {
    switch (features.kind()) {
      case VECTOR -> readVector(row, to, check);
      case FLOAT_ARRAY -> {
        ArrayData array = array(row, check);
        for (int i = 0; i < width; i++) {
          to[i] = check.finite(array.getFloat(i), i);
        }
      }
      case DOUBLE_ARRAY -> readDoubles(array(row, check), to, check);
      case COLUMNS -> readColumns(row, to, check);
    }
  }

  private static ArrayData array(InternalRow row, FeatureValues check) {
    ArrayData array =
        check.present(row.isNullAt(FIRST_FEATURE) ? null : row.getArray(FIRST_FEATURE));
    for (int i = 0; i < array.numElements(); i++) {
      if (array.isNullAt(i)) {
        throw check.nullFeature();
      }
    }
    check.size(array.numElements());
    return array;
  }

  /** VectorUDT: type (0 sparse, 1 dense), size, indices, values. */
  private void readVector(InternalRow row, float[] to, FeatureValues check) {
    InternalRow vector =
        check.present(row.isNullAt(FIRST_FEATURE) ? null : row.getStruct(FIRST_FEATURE, 4));
    ArrayData values = vector.getArray(3);
    if (vector.getByte(0) != SPARSE) {
      check.size(values.numElements());
      readDoubles(values, to, check);
      return;
    }
    check.size(vector.getInt(1));
    Arrays.fill(to, 0, width, 0);
    ArrayData indices = vector.getArray(2);
    for (int i = 0; i < indices.numElements(); i++) {
      int index = indices.getInt(i);
      to[index] = check.narrow(values.getDouble(i), index);
    }
  }

  private void readDoubles(ArrayData array, float[] to, FeatureValues check) {
    for (int i = 0; i < width; i++) {
      to[i] = check.narrow(array.getDouble(i), i);
    }
  }

  private void readColumns(InternalRow row, float[] to, FeatureValues check) {
    for (int i = 0; i < width; i++) {
      if (row.isNullAt(FIRST_FEATURE + i)) {
        throw check.nullFeature(i);
      }
      to[i] = check.narrow(row.getDouble(FIRST_FEATURE + i), i);
    }
  }
}
