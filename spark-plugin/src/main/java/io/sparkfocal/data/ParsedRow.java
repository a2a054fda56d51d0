package io.sparkfocal.data;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * One row with all that training needs of it, and its form as bytes, in which equal rows are equal
 * whatever columns they came from.
 */
final class ParsedRow {

  /** Width, values, label, weight, validation. */
  private static final int HEADER = 4 * Integer.BYTES + 1;

  private static final int DENSE = -1;

  private int width;
  private double[] values = {};
  private int[] indices = {};
  private int stored;
  private int label;
  private float weight;
  private boolean validation;

  /**
   * Takes the place of another row.
   *
   * @param ofStored how many values a sparse row has; -1 for a dense one
   */
  void set(
      int ofWidth,
      double[] ofValues,
      int[] ofIndices,
      int ofStored,
      int ofLabel,
      float ofWeight,
      boolean held) {
    width = ofWidth;
    values = ofValues;
    indices = ofIndices;
    stored = ofStored;
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

  int label() {
    return label;
  }

  float weight() {
    return weight;
  }

  boolean isValidation() {
    return validation;
  }

  void addTo(BlockBuilder builder) {
    if (isSparse()) {
      builder.add(indices, values, stored, label, weight);
    } else {
      builder.add(values, label, weight);
    }
  }

  /** As bytes. */
  byte[] encode() {
    int count = isSparse() ? stored : width;
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
    width = buffer.getInt();
    stored = buffer.getInt();
    label = buffer.getInt();
    weight = buffer.getFloat();
    validation = buffer.get() != 0;
    int count = isSparse() ? stored : width;
    if (values.length < count) {
      values = new double[Math.max(count, width)];
    }
    buffer.asDoubleBuffer().get(values, 0, count);
    if (isSparse()) {
      if (indices.length < count) {
        indices = new int[Math.max(count, width / 8)];
      }
      buffer.position(HEADER + count * Double.BYTES);
      buffer.asIntBuffer().get(indices, 0, count);
    }
  }
}
