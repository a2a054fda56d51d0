package io.sparkfocal.data;

import java.io.Serializable;
import java.util.Arrays;
import java.util.Iterator;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.util.ArrayData;

/**
 * Reads the rows that {@link TrainingColumns#rows} selects.
 *
 * @param columns what there is
 * @param width how many features every row must have
 * @param classes labels must be below this
 */
public record RowReader(TrainingColumns columns, int width, int classes) implements Serializable {

  private static final byte SPARSE = 0;
  private static final int NOT_FINITE = 0x7F800000;

  /**
   * Reads all rows.
   *
   * @throws IllegalArgumentException at the first row that cannot be trained on
   */
  public RankRows read(Iterator<InternalRow> rows, ShardMemory memory) {
    LabelCheck check = new LabelCheck(columns.label(), columns.weight());
    FeatureValues values = new FeatureValues(columns.features(), width);
    NumberKind labels = columns.numbers().get(0);
    NumberKind weights = columns.weight() == null ? null : columns.numbers().get(1);
    int validationAt = columns.validation() == null ? -1 : weights == null ? 1 : 2;
    int firstFeature = 1 + (weights == null ? 0 : 1) + (validationAt < 0 ? 0 : 1);
    float[] read = new float[RowStore.stride(width)];
    try (ShardWriter training = memory.training(width);
        ShardWriter validation = memory.validation(width)) {
      while (rows.hasNext()) {
        InternalRow row = rows.next();
        readFeatures(row, firstFeature, read, values);
        read[width] = label(row, labels, check);
        read[width + 1] = weights == null ? 1 : weight(row, weights, check);
        boolean held =
            validationAt >= 0 && !row.isNullAt(validationAt) && row.getBoolean(validationAt);
        (held ? validation : training).add(read);
      }
      return new RankRows(training.finish(), validation.finish());
    }
  }

  private int label(InternalRow row, NumberKind kind, LabelCheck check) {
    boolean isNull = row.isNullAt(0);
    int label = check.classOf(isNull, isNull ? 0 : kind.read(row, 0));
    if (label >= classes) {
      throw new IllegalArgumentException(
          "Column \"%s\" has the label %s, which was not there when labels were counted; make the input deterministic, for instance with persist()."
              .formatted(columns.label(), label));
    }
    return label;
  }

  private static float weight(InternalRow row, NumberKind kind, LabelCheck check) {
    boolean isNull = row.isNullAt(1);
    return check.weightOf(isNull, isNull ? 0 : kind.read(row, 1));
  }

  private void readFeatures(InternalRow row, int at, float[] to, FeatureValues check) {
    switch (columns.features().kind()) {
      case VECTOR -> readVector(row, at, to, check);
      case FLOAT_ARRAY -> {
        ArrayData array = array(row, at, check);
        for (int i = 0; i < width; i++) {
          to[i] = check.narrow(array.getFloat(i), i);
        }
      }
      case DOUBLE_ARRAY -> readDoubles(array(row, at, check), to, check);
      case COLUMNS -> readColumns(row, at, to, check);
    }
  }

  private static ArrayData array(InternalRow row, int at, FeatureValues check) {
    ArrayData array = check.present(row.isNullAt(at) ? null : row.getArray(at));
    for (int i = 0; i < array.numElements(); i++) {
      if (array.isNullAt(i)) {
        throw check.nullFeature();
      }
    }
    check.size(array.numElements());
    return array;
  }

  /** VectorUDT: type (0 sparse, 1 dense), size, indices, values. */
  private void readVector(InternalRow row, int at, float[] to, FeatureValues check) {
    InternalRow vector = check.present(row.isNullAt(at) ? null : row.getStruct(at, 4));
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

  /** Looks at all values first, and for the one that is not finite only if there is one. */
  private void readDoubles(ArrayData array, float[] to, FeatureValues check) {
    int largest = 0;
    for (int i = 0; i < width; i++) {
      float value = (float) array.getDouble(i);
      largest = Math.max(largest, Float.floatToRawIntBits(value) & Integer.MAX_VALUE);
      to[i] = value + 0.0f;
    }
    if (largest >= NOT_FINITE) {
      for (int i = 0; i < width; i++) {
        to[i] = check.narrow(array.getDouble(i), i);
      }
    }
  }

  private void readColumns(InternalRow row, int at, float[] to, FeatureValues check) {
    int first = columns.weight() == null ? 1 : 2;
    for (int i = 0; i < width; i++) {
      if (row.isNullAt(at + i)) {
        throw check.nullFeature(i);
      }
      to[i] = check.narrow(columns.numbers().get(first + i).read(row, at + i), i);
    }
  }
}
