package io.sparkfocal.data;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * One row with all that training needs of it, and its form as bytes, in which equal rows are equal
 * whatever columns they came from. It takes the place of the row before: first the values, then the
 * rest.
 */
final class ParsedRow {

  /** Width, values, label, weight, validation. */
  private static final int HEADER = 4 * Integer.BYTES + 1;

  private static final int DENSE = -1;

  /** The bits of an infinite float32; those of NaN are above. */
  private static final int INFINITE = 0x7F800000;

  private int width;
  private double[] values = {};
  private float[] narrow = {};
  private float largest;
  private int[] indices = {};
  private int stored = DENSE;
  private int label;
  private float weight;
  private boolean validation;

  /**
   * Where the values go: all of a dense row, or those of a sparse one that are not 0. Zeros are
   * 0.0, not -0.0, which a sparse vector may or may not store.
   */
  double[] values(int ofWidth) {
    width = ofWidth;
    if (values.length < ofWidth) {
      values = new double[ofWidth];
      narrow = new float[ofWidth];
    }
    return values;
  }

  /** Where the indices of a sparse row go, ascending. */
  int[] indices(int count) {
    if (indices.length < count) {
      indices = new int[Math.max(count, width / 8)];
    }
    return indices;
  }

  /**
   * Ends the values.
   *
   * @param ofStored how many values a sparse row has; -1 for a dense one
   * @return whether all are finite in float32
   */
  boolean endValues(int ofStored) {
    stored = ofStored;
    int count = count();
    int most = 0;
    for (int i = 0; i < count; i++) {
      float nearest = (float) values[i] + 0.0f;
      narrow[i] = nearest;
      most = Math.max(most, Float.floatToRawIntBits(nearest) & Integer.MAX_VALUE);
    }
    largest = Float.intBitsToFloat(most);
    return most < INFINITE;
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
    return stored != DENSE;
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

  /** The size of the largest value in float32. */
  float largest() {
    return largest;
  }

  int label() {
    return label;
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
    System.arraycopy(narrow, 0, toNarrow, at, count());
    if (isSparse()) {
      System.arraycopy(indices, 0, toIndices, at, count());
    }
  }

  /** As bytes. */
  byte[] encode() {
    int count = count();
    byte[] bytes = new byte[HEADER + count * (Double.BYTES + (isSparse() ? Integer.BYTES : 0))];
    ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    buffer.putInt(width).putInt(stored).putInt(label).putFloat(weight);
    buffer.put((byte) (validation ? 1 : 0));
    buffer.asDoubleBuffer().put(values, 0, count);
    if (isSparse()) {
      buffer.position(HEADER + count * Double.BYTES);
      buffer.asIntBuffer().put(indices, 0, count);
    }
    return bytes;
  }

  /** From the bytes of {@link #encode}, in place of another row. */
  void decode(byte[] bytes) {
    ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    double[] to = values(buffer.getInt());
    stored = buffer.getInt();
    end(buffer.getInt(), buffer.getFloat(), buffer.get() != 0);
    int count = count();
    buffer.asDoubleBuffer().get(to, 0, count);
    if (isSparse()) {
      buffer.position(HEADER + count * Double.BYTES);
      buffer.asIntBuffer().get(indices(count), 0, count);
    }
    endValues(stored);
  }
}
