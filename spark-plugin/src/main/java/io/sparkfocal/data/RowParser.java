package io.sparkfocal.data;

import java.util.Arrays;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.util.ArrayData;
import org.jspecify.annotations.Nullable;

/** Reads the rows that {@link TrainingColumns#rows} selects, one after the other. */
final class RowParser {

  private static final byte SPARSE = 0;

  private final TrainingColumns columns;
  private final LabelCheck check;
  private final NumberKind labels;
  private final @Nullable NumberKind weights;
  private final int validationAt;
  private final int firstFeature;
  private final ParsedRow parsed = new ParsedRow();
  private FeatureValues features;

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
    if (!parsed.endValues(readFeatures(row, parsed.values(features.width())))) {
      int i = parsed.firstNotFinite();
      throw features.notFinite(parsed.value(i), parsed.feature(i));
    }
    boolean held = validationAt >= 0 && !row.isNullAt(validationAt) && row.getBoolean(validationAt);
    float weight = weights == null ? 1 : weight(row, weights);
    parsed.end(label(row), weight, held);
    return parsed;
  }

  private void begin(int width) {
    features = new FeatureValues(columns.features(), width);
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
    columns.features().requireReadable(width);
    return width;
  }

  /** Returns the number of values of a sparse row, and -1 for a dense one. */
  private int readFeatures(InternalRow row, double[] values) {
    switch (columns.features().kind()) {
      case VECTOR -> {
        InternalRow vector =
            features.present(row.isNullAt(firstFeature) ? null : row.getStruct(firstFeature, 4));
        if (vector.getByte(0) == SPARSE) {
          return readSparse(vector, values);
        }
        ArrayData array = vector.getArray(3);
        features.size(array.numElements());
        readDoubles(array, values);
      }
      case FLOAT_ARRAY -> {
        ArrayData array = array(row);
        for (int i = 0; i < features.width(); i++) {
          values[i] = array.getFloat(i) + 0.0;
        }
      }
      case DOUBLE_ARRAY -> readDoubles(array(row), values);
      case COLUMNS -> readColumns(row, values);
    }
    return sparsified(values);
  }

  private void readDoubles(ArrayData array, double[] values) {
    int width = features.width();
    for (int i = 0; i < width; i++) {
      values[i] = array.getDouble(i) + 0.0;
    }
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
  private int readSparse(InternalRow vector, double[] values) {
    features.size(vector.getInt(1));
    ArrayData at = vector.getArray(2);
    ArrayData array = vector.getArray(3);
    int given = at.numElements();
    if (!isSparse(given)) {
      Arrays.fill(values, 0, features.width(), 0);
      for (int i = 0; i < given; i++) {
        values[at.getInt(i)] = array.getDouble(i) + 0.0;
      }
      return sparsified(values);
    }
    int[] indices = parsed.indices(given);
    int count = 0;
    for (int i = 0; i < given; i++) {
      double value = array.getDouble(i);
      indices[count] = at.getInt(i);
      values[count] = value;
      count += value == 0 ? 0 : 1;
    }
    return count;
  }

  /** Whether a row takes a quarter of the place or less as indices and values. */
  private boolean isSparse(int nonZeros) {
    return FeatureValues.isWide(features.width()) && 8L * nonZeros <= features.width();
  }

  /** By its values alone, so that a vector's own form changes nothing. */
  private int sparsified(double[] values) {
    int width = features.width();
    int most = FeatureValues.isWide(width) ? width / 8 : -1;
    int nonZeros = 0;
    for (int i = 0; i < width && nonZeros <= most; i++) {
      nonZeros += values[i] == 0 ? 0 : 1;
    }
    if (nonZeros > most) {
      return -1;
    }
    int[] indices = parsed.indices(nonZeros);
    int count = 0;
    for (int i = 0; i < width; i++) {
      if (values[i] != 0) {
        indices[count] = i;
        values[count++] = values[i];
      }
    }
    return count;
  }

  private void readColumns(InternalRow row, double[] values) {
    int first = columns.weight() == null ? 1 : 2;
    for (int i = 0; i < features.width(); i++) {
      if (row.isNullAt(firstFeature + i)) {
        throw features.nullFeature(i);
      }
      values[i] = columns.numbers().get(first + i).read(row, firstFeature + i) + 0.0;
    }
  }
}
