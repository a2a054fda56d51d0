package io.sparkfocal.persist;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * A message in protobuf's wire format, field by field.
 *
 * @see <a href="https://protobuf.dev/programming-guides/encoding/">Encoding</a>
 */
public final class Protobuf {

  private static final int VARINT = 0;
  private static final int EIGHT_BYTES = 1;
  private static final int BYTES = 2;
  private static final int FOUR_BYTES = 5;
  private static final int TYPE_BITS = 3;
  private static final int BITS = 7;
  private static final int MORE = 0x80;

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  /** A message without fields. */
  public Protobuf() {}

  /** An integer or an enum. */
  public Protobuf number(int field, long value) {
    varint((long) field << TYPE_BITS | VARINT);
    varint(value);
    return this;
  }

  /** A float. */
  public Protobuf float32(int field, float value) {
    varint((long) field << TYPE_BITS | FOUR_BYTES);
    out.writeBytes(
        ByteBuffer.allocate(Float.BYTES).order(ByteOrder.LITTLE_ENDIAN).putFloat(value).array());
    return this;
  }

  /** A double. */
  public Protobuf float64(int field, double value) {
    varint((long) field << TYPE_BITS | EIGHT_BYTES);
    out.writeBytes(
        ByteBuffer.allocate(Double.BYTES).order(ByteOrder.LITTLE_ENDIAN).putDouble(value).array());
    return this;
  }

  /** A string. */
  public Protobuf text(int field, String value) {
    return bytes(field, value.getBytes(StandardCharsets.UTF_8));
  }

  /** A message within. */
  public Protobuf message(int field, Protobuf value) {
    return bytes(field, value.toBytes());
  }

  private Protobuf bytes(int field, byte... value) {
    begin(field, value.length);
    out.writeBytes(value);
    return this;
  }

  /** What comes before that many bytes of a field, which the caller writes behind this message. */
  public Protobuf begin(int field, long length) {
    varint((long) field << TYPE_BITS | BYTES);
    varint(length);
    return this;
  }

  /** Adds the fields of another message. */
  public Protobuf append(Protobuf fields) {
    out.writeBytes(fields.toBytes());
    return this;
  }

  private void varint(long value) {
    long rest = value;
    while ((rest & -MORE) != 0) {
      out.write((int) (rest & (MORE - 1)) | MORE);
      rest >>>= BITS;
    }
    out.write((int) rest);
  }

  /** Bytes so far. */
  public int length() {
    return out.size();
  }

  /** All of it. */
  public byte[] toBytes() {
    return out.toByteArray();
  }
}
