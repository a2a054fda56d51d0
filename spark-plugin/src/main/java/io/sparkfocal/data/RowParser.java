package io.sparkfocal.data;

import java.util.Arrays;
import java.util.List;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.UnsafeArrayData;
import org.apache.spark.sql.catalyst.util.ArrayData;
import org.apache.spark.unsafe.Platform;
import org.jspecify.annotations.Nullable;

/** Reads the rows that {@link TrainingColumns#rows} selects, one after the other. */
final class RowParser {

  private static final byte SPARSE = 0;

  private final TrainingColumns columns;
  private final List<FeatureColumn> parts;
  private final LabelCheck check;
  private final NumberKind labelKind;
  private final @Nullable NumberKind weights;
  private final int validationAt;
  private final int firstFeature;
  private final ParsedRow parsed = new ParsedRow();
  private FeatureValues features;
  private int[] widths = {};
  private boolean hasMissing;

  /** Of a row with several; -1 before the first row. */
  private int labels = -1;

  /**
   * Of the rows of a partition.
   *
   * @param declaredWidth how many features a row has; -1 if that is for the first row to say
   */
  RowParser(TrainingColumns columns, int declaredWidth) {
    this.columns = columns;
    this.parts = columns.features().parts();
    this.check = new LabelCheck(columns.label(), columns.weight());
    this.labelKind = columns.numbers().get(0);
    this.weights = columns.weight() == null ? null : columns.numbers().get(1);
    this.validationAt = columns.validation() == null ? -1 : columns.weight() == null ? 1 : 2;
    this.firstFeature =
        1 + (columns.weight() == null ? 0 : 1) + (columns.validation() == null ? 0 : 1);
    this.features = new FeatureValues(columns.features(), declaredWidth);
  }

  /**
   * Reads a row; what it returns is good until the next call.
   *
   * @return null for a row that is left out since a feature is missing
   * @throws BadRowException if the row cannot be trained on
   */
  @Nullable ParsedRow parse(InternalRow row) {
    if (widths.length == 0 && !begin(row)) {
      return null;
    }
    hasMissing = false;
    if (columns.features().kind() == FeatureLayout.Kind.IMAGE) {
      readImage(row);
    } else {
      double[] values = parsed.values(features.width());
      int stored = readFeatures(row, values);
      if (!parsed.endValues(stored)) {
        lookAtValues();
      }
    }
    if (hasMissing && columns.invalid() == InvalidRows.SKIP) {
      return null;
    }
    boolean held = validationAt >= 0 && !row.isNullAt(validationAt) && row.getBoolean(validationAt);
    float weight = weights == null ? 1 : weight(row, weights);
    if (columns.isMultilabel()) {
      readTargets(row);
      parsed.end(0, weight, held);
    } else {
      parsed.end(label(row), weight, held);
    }
    return parsed;
  }

  private void readImage(InternalRow row) {
    ImageDecoder decoder = columns.features().images();
    byte[] pixels = decoder.pixels(row, firstFeature);
    hasMissing = pixels == null;
    if (pixels != null) {
      parsed.pixels(pixels);
    } else if (columns.invalid() != InvalidRows.SKIP) {
      throw features.noImage(decoder.origin(row, firstFeature));
    }
  }

  /** Of values that are not all finite. */
  private void lookAtValues() {
    int i = parsed.firstNotFinite();
    boolean isMissing = parsed.isMissing();
    if (columns.invalid() == InvalidRows.ERROR
        || (!isMissing && columns.invalid() == InvalidRows.KEEP)) {
      i = isMissing ? i : parsed.firstInfinite();
      throw features.notFinite(parsed.value(i), parsed.feature(i));
    }
    hasMissing = true;
  }

  /** Of the first row; the others must have as many features in each column. */
  private boolean begin(InternalRow row) {
    int[] found = new int[parts.size()];
    for (int i = 0; i < found.length; i++) {
      FeatureColumn part = parts.get(i);
      if (part.declared() < 0 && row.isNullAt(firstFeature + i)) {
        if (columns.invalid() == InvalidRows.SKIP) {
          return false;
        }
        throw features.nullFeature(i);
      }
      found[i] = part.declared() < 0 ? width(row, firstFeature + i, part) : part.declared();
    }
    int width = Arrays.stream(found).sum();
    if (features.width() < 0) {
      columns.features().requireReadable(width);
      features = new FeatureValues(columns.features(), width);
    } else {
      features.size(width);
    }
    widths = found;
    if (parts.stream().filter(part -> !part.isOne()).count() > 1) {
      parsed.tellWidths(found);
    }
    return true;
  }

  private static int width(InternalRow row, int at, FeatureColumn part) {
    if (part.form() == FeatureColumn.Form.ARRAY) {
      return row.getArray(at).numElements();
    }
    InternalRow vector = row.getStruct(at, 4);
    return vector.getByte(0) == SPARSE ? vector.getInt(1) : vector.getArray(3).numElements();
  }

  /** How many features each column has; of no columns before the first row. */
  int[] widths() {
    return widths;
  }

  private int label(InternalRow row) {
    boolean isNull = row.isNullAt(0);
    return check.classOf(isNull, isNull ? 0 : labelKind.read(row, 0));
  }

  private void readTargets(InternalRow row) {
    if (row.isNullAt(0)) {
      throw check.noTargets();
    }
    boolean isArray = columns.labelForm() == LabelForm.ARRAY;
    InternalRow vector = isArray ? null : row.getStruct(0, 4);
    boolean isSparse = vector != null && vector.getByte(0) == SPARSE;
    ArrayData values = vector == null ? row.getArray(0) : vector.getArray(3);
    int count = vector != null && isSparse ? vector.getInt(1) : values.numElements();
    check.requireLabels(count);
    labels = labels < 0 ? count : labels;
    check.requireTargets(count, labels);
    float[] targets = parsed.targets(count);
    Arrays.fill(targets, 0);
    for (int i = 0; i < values.numElements(); i++) {
      if (values.isNullAt(i)) {
        throw check.noTargets();
      }
      int at = vector != null && isSparse ? vector.getArray(2).getInt(i) : i;
      targets[at] = check.targetOf(values.getDouble(i));
    }
  }

  private float weight(InternalRow row, NumberKind kind) {
    boolean isNull = row.isNullAt(1);
    return check.weightOf(isNull, isNull ? 0 : kind.read(row, 1));
  }

  /** Returns the number of values of a sparse row, and -1 for a dense one. */
  private int readFeatures(InternalRow row, double[] values) {
    if (columns.features().kind() == FeatureLayout.Kind.VECTOR && !row.isNullAt(firstFeature)) {
      InternalRow vector = row.getStruct(firstFeature, 4);
      if (vector.getByte(0) == SPARSE && isSparse(vector.getArray(2).numElements())) {
        return readSparse(vector, values);
      }
    }
    int at = 0;
    for (int i = 0; i < widths.length; i++) {
      readPart(row, i, values, at);
      at += widths[i];
    }
    // Numbers of categories are not known yet.
    return columns.features().kind() == FeatureLayout.Kind.TABLE ? -1 : sparsified(values);
  }

  private void readPart(InternalRow row, int part, double[] values, int at) {
    int ordinal = firstFeature + part;
    FeatureColumn column = parts.get(part);
    if (row.isNullAt(ordinal)) {
      if (!column.isOne() && columns.invalid() != InvalidRows.SKIP) {
        throw features.nullFeature(part);
      }
      Arrays.fill(values, at, at + widths[part], missing(part));
      return;
    }
    switch (column.form()) {
      case NUMBER -> values[at] = column.number().read(row, ordinal);
      case TEXT -> {
        values[at] = 0;
        parsed.text(at, row.getUTF8String(ordinal));
      }
      case VECTOR -> readVector(row.getStruct(ordinal, 4), part, values, at);
      case ARRAY -> readArray(row.getArray(ordinal), part, values, at);
      case IMAGE -> throw new IllegalStateException("Images are read by themselves.");
    }
  }

  /** What stands for a missing feature, where there may be one. */
  private double missing(int part) {
    if (columns.invalid() == InvalidRows.ERROR) {
      throw features.nullFeature(part);
    }
    hasMissing = true;
    return Double.NaN;
  }

  private void readVector(InternalRow vector, int part, double[] values, int at) {
    if (vector.getByte(0) == SPARSE) {
      requireWidth(part, vector.getInt(1));
      ArrayData places = vector.getArray(2);
      ArrayData array = vector.getArray(3);
      Arrays.fill(values, at, at + widths[part], 0);
      for (int i = 0; i < places.numElements(); i++) {
        values[at + places.getInt(i)] = array.getDouble(i);
      }
      return;
    }
    ArrayData array = vector.getArray(3);
    requireWidth(part, array.numElements());
    copy(array, values, at, widths[part]);
  }

  /** All at once where they lie one after the other, which takes half the time. */
  private static void copy(ArrayData from, double[] to, int at, int count) {
    if (from instanceof UnsafeArrayData array) {
      Platform.copyMemory(
          array.getBaseObject(),
          array.getBaseOffset() + UnsafeArrayData.calculateHeaderPortionInBytes(count),
          to,
          Platform.DOUBLE_ARRAY_OFFSET + (long) at * Double.BYTES,
          (long) count * Double.BYTES);
      return;
    }
    for (int i = 0; i < count; i++) {
      to[at + i] = from.getDouble(i);
    }
  }

  private void readArray(ArrayData array, int part, double[] values, int at) {
    requireWidth(part, array.numElements());
    boolean floats = columns.features().kind() == FeatureLayout.Kind.FLOAT_ARRAY;
    for (int i = 0; i < widths[part]; i++) {
      values[at + i] =
          array.isNullAt(i) ? missing(part) : floats ? array.getFloat(i) : array.getDouble(i);
    }
  }

  private void requireWidth(int part, int width) {
    if (width != widths[part]) {
      features.size(features.width() - widths[part] + width);
    }
  }

  /** VectorUDT: type (0 sparse, 1 dense), size, indices, values. */
  private int readSparse(InternalRow vector, double[] values) {
    features.size(vector.getInt(1));
    ArrayData at = vector.getArray(2);
    ArrayData array = vector.getArray(3);
    int given = at.numElements();
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
}
