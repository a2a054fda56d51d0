package io.sparkfocal.export;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/** A message in protobuf's wire format, field by field. */
final class Protobuf {

  private static final int VARINT = 0;
  private static final int BYTES = 2;
  private static final int TYPE_BITS = 3;
  private static final int BITS = 7;
  private static final int MORE = 0x80;

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  /** An integer or an enum. */
  Protobuf number(int field, long value) {
    varint((long) field << TYPE_BITS | VARINT);
    varint(value);
    return this;
  }

  Protobuf text(int field, String value) {
    return bytes(field, value.getBytes(StandardCharsets.UTF_8));
  }

  Protobuf message(int field, Protobuf value) {
    return bytes(field, value.toBytes());
  }

  private Protobuf bytes(int field, byte... value) {
    begin(field, value.length);
    out.writeBytes(value);
    return this;
  }

  /** What comes before that many bytes of a field, which the caller writes behind this message. */
  Protobuf begin(int field, long length) {
    varint((long) field << TYPE_BITS | BYTES);
    varint(length);
    return this;
  }

  /** Adds the fields of another message. */
  Protobuf append(Protobuf fields) {
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

  int length() {
    return out.size();
  }

  byte[] toBytes() {
    return out.toByteArray();
  }
}
