package io.sparkfocal.data;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.apache.spark.sql.catalyst.expressions.XXH64;
import org.apache.spark.unsafe.Platform;
import org.apache.spark.unsafe.types.UTF8String;

/**
 * One row with all that training needs of it, and its form as bytes, in which equal rows are equal
 * whatever columns they came from. It takes the place of the row before: first the values, then the
 * rest.
 */
final class ParsedRow {

  /** Width, values, label, weight, validation, targets. */
  private static final int HEADER = 5 * Integer.BYTES + 1;

  private static final int DENSE = -1;
  private static final int PIXELS = -2;

  /** In the place of a text's feature: numbers of features of each column follow. */
  private static final int WIDTHS = -1;

  /** The bits of an infinite float32; those of NaN are above. */
  private static final int INFINITE = 0x7F800000;

  private int width;
  private double[] values = {};
  private float[] narrow = {};
  private float largest;
  private int[] indices = {};
  private int stored = DENSE;
  private boolean missing;
  private int[] widths = {};
  private int texts;
  private int[] textAt = {};
  private UTF8String[] text = {};
  private byte[] pixels = {};
  private float[] targets = {};
  private int label;
  private float weight;
  private boolean validation;

  /** Where the values go: all of a dense row, or those of a sparse one that are not 0. */
  double[] values(int ofWidth) {
    width = ofWidth;
    texts = 0;
    if (values.length < ofWidth) {
      values = new double[ofWidth];
      narrow = new float[ofWidth];
    }
    return values;
  }

  /** Puts the values of an image in the place of numbers. */
  void pixels(byte... values) {
    pixels = values;
    width = values.length;
    stored = PIXELS;
    texts = 0;
    largest = 0;
    missing = false;
  }

  /** The values of an image. */
  byte[] pixels() {
    return pixels;
  }

  boolean hasPixels() {
    return stored == PIXELS;
  }

  /** Where the indices of a sparse row go, ascending. */
  int[] indices(int count) {
    if (indices.length < count) {
      indices = new int[Math.max(count, width / 8)];
    }
    return indices;
  }

  /** Puts a text in the place of a value; good as long as what it was read from. */
  void text(int feature, UTF8String value) {
    if (texts == text.length) {
      text = Arrays.copyOf(text, Math.max(8, 2 * texts));
      textAt = Arrays.copyOf(textAt, text.length);
    }
    text[texts] = value;
    textAt[texts++] = feature;
  }

  /** How many texts there are. */
  int texts() {
    return texts;
  }

  /** The feature that a text is of, ascending. */
  int textAt(int i) {
    return textAt[i];
  }

  UTF8String text(int i) {
    return text[i];
  }

  /**
   * Ends the values. Those that are missing are NaN, of one pattern of bits; -0.0, which a sparse
   * vector may or may not store, is 0.0.
   *
   * @param ofStored how many values a sparse row has; -1 for a dense one
   * @return whether all are finite in float32
   */
  boolean endValues(int ofStored) {
    stored = ofStored;
    int count = count();
    int most = 0;
    for (int i = 0; i < count; i++) {
      double value = values[i] + 0.0;
      values[i] = value;
      float nearest = (float) value + 0.0f;
      narrow[i] = nearest;
      most = Math.max(most, Float.floatToRawIntBits(nearest) & Integer.MAX_VALUE);
    }
    missing = most >= INFINITE;
    if (missing) {
      endMissing(count);
    } else {
      largest = Float.intBitsToFloat(most);
    }
    return !missing;
  }

  private void endMissing(int count) {
    largest = 0;
    for (int i = 0; i < count; i++) {
      if (Float.isNaN(narrow[i])) {
        values[i] = Double.NaN;
        narrow[i] = Float.NaN;
      } else {
        largest = Math.max(largest, Math.abs(narrow[i]));
      }
    }
  }

  /** Whether no value is infinite in float32, after {@link #endValues} found some not finite. */
  boolean isMissing() {
    return !Float.isInfinite(largest);
  }

  /** Whether a value is missing. */
  boolean hasMissing() {
    return missing;
  }

  /** Tells how many features each column has, where the bytes of rows are to tell it too. */
  void tellWidths(int... ofColumns) {
    widths = ofColumns;
  }

  /** What {@link #tellWidths} told; empty if nobody did. */
  int[] widths() {
    return widths;
  }

  /** Ends the row, which was not known to be for validation before. */
  void hold(boolean held) {
    validation = held;
  }

  /** A hash of the features. */
  long featureHash() {
    if (hasPixels()) {
      return XXH64.hashUnsafeBytes(pixels, Platform.BYTE_ARRAY_OFFSET, width, width);
    }
    long hash =
        XXH64.hashUnsafeBytes(values, Platform.DOUBLE_ARRAY_OFFSET, count() * Double.BYTES, width);
    if (isSparse()) {
      hash =
          XXH64.hashUnsafeBytes(indices, Platform.INT_ARRAY_OFFSET, count() * Integer.BYTES, hash);
    }
    for (int i = 0; i < texts; i++) {
      hash = XXH64.hashUTF8String(text[i], hash ^ textAt[i]);
    }
    return hash;
  }

  /** Ends the row. */
  void end(int ofLabel, float ofWeight, boolean held) {
    label = ofLabel;
    weight = ofWeight;
    validation = held;
  }

  int width() {
    return width;
  }

  boolean isSparse() {
    return stored >= 0;
  }

  /** How many values it has: its non-zeros, or all. */
  int count() {
    return isSparse() ? stored : width;
  }

  double value(int i) {
    return values[i];
  }

  /** The feature that a value is of. */
  int feature(int i) {
    return isSparse() ? indices[i] : i;
  }

  /** The first value that is not finite in float32. */
  int firstNotFinite() {
    int i = 0;
    while (Float.isFinite(narrow[i])) {
      i++;
    }
    return i;
  }

  /** The first value that is infinite in float32. */
  int firstInfinite() {
    int i = 0;
    while (!Float.isInfinite(narrow[i])) {
      i++;
    }
    return i;
  }

  /** The size of the largest value in float32. */
  float largest() {
    return largest;
  }

  /** The class of a row that has one. */
  int label() {
    return label;
  }

  /** Those of a row with several labels, from 0 to 1; none where it has one class. */
  float[] targets() {
    return targets;
  }

  /** Where the targets of a row with several labels go. */
  float[] targets(int count) {
    if (targets.length != count) {
      targets = new float[count];
    }
    return targets;
  }

  float weight() {
    return weight;
  }

  boolean isValidation() {
    return validation;
  }

  /** Copies the values, also as float32, and the indices of a sparse row. */
  void copyTo(double[] toValues, float[] toNarrow, int[] toIndices, int at) {
    System.arraycopy(values, 0, toValues, at, count());
    copyTo(toNarrow, at);
    if (isSparse()) {
      System.arraycopy(indices, 0, toIndices, at, count());
    }
  }

  /** Copies the values as float32. */
  void copyTo(float[] toNarrow, int at) {
    System.arraycopy(narrow, 0, toNarrow, at, count());
  }

  /** As bytes. */
  byte[] encode() {
    int end = HEADER + targets.length * Float.BYTES + valueBytes();
    int ofTexts = widths.length == 0 ? 0 : (2 + widths.length) * Integer.BYTES;
    for (int i = 0; i < texts; i++) {
      ofTexts += 2 * Integer.BYTES + text[i].numBytes();
    }
    byte[] bytes = new byte[end + ofTexts];
    ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    buffer.putInt(width).putInt(stored).putInt(label).putFloat(weight);
    buffer.put((byte) (validation ? 1 : 0)).putInt(targets.length);
    for (float target : targets) {
      buffer.putFloat(target);
    }
    if (hasPixels()) {
      buffer.put(pixels);
    } else {
      buffer.slice().order(buffer.order()).asDoubleBuffer().put(values, 0, count());
    }
    if (isSparse()) {
      buffer.position(buffer.position() + count() * Double.BYTES);
      buffer.asIntBuffer().put(indices, 0, count());
    }
    buffer.position(end);
    for (int i = 0; i < texts; i++) {
      byte[] ofText = text[i].getBytes();
      buffer.putInt(textAt[i]).putInt(ofText.length).put(ofText);
    }
    if (widths.length > 0) {
      buffer.putInt(WIDTHS).putInt(widths.length);
      buffer.asIntBuffer().put(widths);
    }
    return bytes;
  }

  private int valueBytes() {
    return hasPixels() ? width : count() * (Double.BYTES + (isSparse() ? Integer.BYTES : 0));
  }

  /** From the bytes of {@link #encode}, in place of another row. */
  void decode(byte[] bytes) {
    ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    double[] to = values(buffer.getInt(), buffer.getInt());
    end(buffer.getInt(), buffer.getFloat(), buffer.get() != 0);
    targets = new float[buffer.getInt()];
    for (int i = 0; i < targets.length; i++) {
      targets[i] = buffer.getFloat();
    }
    int end = buffer.position() + valueBytes();
    if (hasPixels()) {
      byte[] image = new byte[width];
      buffer.get(image);
      pixels(image);
    } else {
      buffer.asDoubleBuffer().get(to, 0, count());
    }
    if (isSparse()) {
      buffer.position(buffer.position() + count() * Double.BYTES);
      buffer.asIntBuffer().get(indices(count()), 0, count());
    }
    buffer.position(end);
    while (buffer.hasRemaining()) {
      int feature = buffer.getInt();
      int length = buffer.getInt();
      if (feature == WIDTHS) {
        widths = new int[length];
        buffer.asIntBuffer().get(widths);
        break;
      }
      text(feature, UTF8String.fromBytes(bytes, buffer.position(), length));
      buffer.position(buffer.position() + length);
    }
    if (!hasPixels()) {
      endValues(stored);
    }
  }

  private double[] values(int ofWidth, int ofStored) {
    stored = ofStored;
    if (hasPixels()) {
      width = ofWidth;
      return new double[0];
    }
    return values(ofWidth);
  }
}
