package io.sparkfocal.data;

import java.util.Arrays;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.util.ArrayData;
import org.jspecify.annotations.Nullable;

/** Reads the rows that {@link TrainingColumns#rows} selects, one after the other. */
final class RowParser {

  private static final byte SPARSE = 0;
  private static final int NOT_FINITE = 0x7F800000;

  private final TrainingColumns columns;
  private final LabelCheck check;
  private final NumberKind labels;
  private final @Nullable NumberKind weights;
  private final int validationAt;
  private final int firstFeature;
  private final ParsedRow parsed = new ParsedRow();
  private FeatureValues features;
  private double[] values;
  private int[] indices = {};

  /**
   * Of the rows of a partition.
   *
   * @param declaredWidth how many features a row has; -1 if that is for the first row to say
   */
  RowParser(TrainingColumns columns, int declaredWidth) {
    this.columns = columns;
    this.check = new LabelCheck(columns.label(), columns.weight());
    this.labels = columns.numbers().get(0);
    this.weights = columns.weight() == null ? null : columns.numbers().get(1);
    this.validationAt = columns.validation() == null ? -1 : columns.weight() == null ? 1 : 2;
    this.firstFeature =
        1 + (columns.weight() == null ? 0 : 1) + (columns.validation() == null ? 0 : 1);
    this.features = new FeatureValues(columns.features(), declaredWidth);
    this.values = new double[Math.max(0, declaredWidth)];
  }

  /**
   * Reads a row; what it returns is good until the next call.
   *
   * @throws IllegalArgumentException if the row cannot be trained on
   */
  ParsedRow parse(InternalRow row) {
    if (features.width() < 0) {
      begin(width(row));
    }
    int stored = readFeatures(row);
    boolean held = validationAt >= 0 && !row.isNullAt(validationAt) && row.getBoolean(validationAt);
    float weight = weights == null ? 1 : weight(row, weights);
    parsed.set(values.length, values, indices, stored, label(row), weight, held);
    return parsed;
  }

  private void begin(int width) {
    features = new FeatureValues(columns.features(), width);
    BatchMemory.requireRow(width);
    values = new double[width];
  }

  private int label(InternalRow row) {
    boolean isNull = row.isNullAt(0);
    return check.classOf(isNull, isNull ? 0 : labels.read(row, 0));
  }

  private float weight(InternalRow row, NumberKind kind) {
    boolean isNull = row.isNullAt(1);
    return check.weightOf(isNull, isNull ? 0 : kind.read(row, 1));
  }

  /** Of the first row; the others must have as many. */
  private int width(InternalRow row) {
    int width;
    if (row.isNullAt(firstFeature)) {
      throw features.nullFeature();
    }
    if (columns.features().kind() == FeatureLayout.Kind.VECTOR) {
      InternalRow vector = row.getStruct(firstFeature, 4);
      width = vector.getByte(0) == SPARSE ? vector.getInt(1) : vector.getArray(3).numElements();
    } else {
      width = row.getArray(firstFeature).numElements();
    }
    if (width == 0) {
      throw new IllegalArgumentException(
          columns.features().describe() + " has an empty row; every row needs features.");
    }
    return width;
  }

  /** Returns the number of values of a sparse row, and -1 for a dense one. */
  private int readFeatures(InternalRow row) {
    switch (columns.features().kind()) {
      case VECTOR -> {
        InternalRow vector =
            features.present(row.isNullAt(firstFeature) ? null : row.getStruct(firstFeature, 4));
        if (vector.getByte(0) == SPARSE) {
          return readSparse(vector);
        }
        ArrayData array = vector.getArray(3);
        features.size(array.numElements());
        readDoubles(array);
      }
      case FLOAT_ARRAY -> {
        ArrayData array = array(row);
        for (int i = 0; i < values.length; i++) {
          values[i] = features.finite(array.getFloat(i), i);
        }
      }
      case DOUBLE_ARRAY -> readDoubles(array(row));
      case COLUMNS -> readColumns(row);
    }
    return sparsified();
  }

  private ArrayData array(InternalRow row) {
    ArrayData array =
        features.present(row.isNullAt(firstFeature) ? null : row.getArray(firstFeature));
    for (int i = 0; i < array.numElements(); i++) {
      if (array.isNullAt(i)) {
        throw features.nullFeature();
      }
    }
    features.size(array.numElements());
    return array;
  }

  /** VectorUDT: type (0 sparse, 1 dense), size, indices, values. */
  private int readSparse(InternalRow vector) {
    features.size(vector.getInt(1));
    ArrayData at = vector.getArray(2);
    ArrayData array = vector.getArray(3);
    int given = at.numElements();
    if (!isSparse(given)) {
      Arrays.fill(values, 0);
      for (int i = 0; i < given; i++) {
        values[at.getInt(i)] = features.finite(array.getDouble(i), at.getInt(i));
      }
      return sparsified();
    }
    ensureIndices(given);
    int count = 0;
    for (int i = 0; i < given; i++) {
      double value = features.finite(array.getDouble(i), at.getInt(i));
      indices[count] = at.getInt(i);
      values[count] = value;
      count += value == 0 ? 0 : 1;
    }
    return count;
  }

  /** Whether a row takes a quarter of the place or less as indices and values. */
  private boolean isSparse(int nonZeros) {
    return FeatureValues.isWide(values.length) && 8L * nonZeros <= values.length;
  }

  private void ensureIndices(int count) {
    if (indices.length < count) {
      indices = new int[Math.max(count, values.length / 8)];
    }
  }

  /** By its values alone, so that a vector's own form changes nothing. */
  private int sparsified() {
    if (!FeatureValues.isWide(values.length)) {
      return -1;
    }
    int nonZeros = 0;
    for (double value : values) {
      nonZeros += value == 0 ? 0 : 1;
    }
    if (!isSparse(nonZeros)) {
      return -1;
    }
    ensureIndices(nonZeros);
    int count = 0;
    for (int i = 0; i < values.length; i++) {
      if (values[i] != 0) {
        indices[count] = i;
        values[count++] = values[i];
      }
    }
    return count;
  }

  /** Looks at all values first, and for the one that is not finite only if there is one. */
  private void readDoubles(ArrayData array) {
    int largest = 0;
    for (int i = 0; i < values.length; i++) {
      double value = array.getDouble(i);
      largest = Math.max(largest, Float.floatToRawIntBits((float) value) & Integer.MAX_VALUE);
      // 0.0 for -0.0, which a sparse vector may or may not store.
      values[i] = value + 0.0;
    }
    if (largest >= NOT_FINITE) {
      for (int i = 0; i < values.length; i++) {
        features.finite(values[i], i);
      }
    }
  }

  private void readColumns(InternalRow row) {
    int first = columns.weight() == null ? 1 : 2;
    for (int i = 0; i < values.length; i++) {
      if (row.isNullAt(firstFeature + i)) {
        throw features.nullFeature(i);
      }
      values[i] = features.finite(columns.numbers().get(first + i).read(row, firstFeature + i), i);
    }
  }
}
