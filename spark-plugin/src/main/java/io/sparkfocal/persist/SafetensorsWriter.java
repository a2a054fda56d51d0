package io.sparkfocal.persist;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sparkfocal.train.Floats;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;

/** Writes a {@link Safetensors} file, of any length, through a small buffer. */
public final class SafetensorsWriter {

  private static final ObjectMapper JSON = new ObjectMapper();

  private interface Values {

    /** Puts the values {@code at} to {@code at + count} into the buffer. */
    void put(long at, int count, ByteBuffer buffer);
  }

  private record Part(long size, int width, Values values) {}

  private final ObjectNode header = JSON.createObjectNode();
  private final List<Part> parts = new ArrayList<>();
  private final float[] piece = new float[Floats.PIECE];
  private long end;

  /** A file with these texts by name. */
  public SafetensorsWriter(Map<String, String> metadata) {
    if (!metadata.isEmpty()) {
      ObjectNode texts = header.putObject(Safetensors.METADATA);
      new TreeMap<>(metadata).forEach(texts::put);
    }
  }

  /** Adds a tensor of as many values as the shape says, which are read when they are written. */
  public SafetensorsWriter add(String name, long[] shape, Floats values) {
    return add(
        name,
        Safetensors.FLOAT,
        shape,
        new Part(
            values.size(),
            Float.BYTES,
            (at, count, buffer) -> {
              values.get(at, piece, count);
              buffer.asFloatBuffer().put(piece, 0, count);
            }));
  }

  /** As above, of float64. */
  public SafetensorsWriter add(String name, long[] shape, double[] values) {
    return add(
        name,
        Safetensors.DOUBLE,
        shape,
        new Part(
            values.length,
            Double.BYTES,
            (at, count, buffer) -> buffer.asDoubleBuffer().put(values, (int) at, count)));
  }

  /** As above, of int64. */
  public SafetensorsWriter add(String name, long[] shape, long[] values) {
    return add(
        name,
        Safetensors.LONG,
        shape,
        new Part(
            values.length,
            Long.BYTES,
            (at, count, buffer) -> buffer.asLongBuffer().put(values, (int) at, count)));
  }

  /** Adds bytes. */
  public SafetensorsWriter add(String name, byte... values) {
    return add(
        name,
        Safetensors.BYTE,
        new long[] {values.length},
        new Part(
            values.length,
            Byte.BYTES,
            (at, count, buffer) -> buffer.duplicate().put(values, (int) at, count)));
  }

  private SafetensorsWriter add(String name, String type, long[] shape, Part part) {
    ObjectNode entry = header.putObject(name);
    entry.put("dtype", type);
    Arrays.stream(shape).forEach(entry.putArray("shape")::add);
    long begin = end;
    end += part.size() * part.width();
    entry.putArray("data_offsets").add(begin).add(end);
    parts.add(part);
    return this;
  }

  /**
   * Writes all of it.
   *
   * @param tooLate whether to leave off
   * @return whether it was written to its end
   * @throws IOException if it cannot be written
   */
  public boolean write(OutputStream out, BooleanSupplier tooLate) throws IOException {
    byte[] text = header.toString().getBytes(StandardCharsets.UTF_8);
    byte[] padded = Arrays.copyOf(text, (text.length + 7) / 8 * 8);
    Arrays.fill(padded, text.length, padded.length, (byte) ' ');
    ByteBuffer buffer =
        ByteBuffer.allocate(Float.BYTES * Floats.PIECE).order(ByteOrder.LITTLE_ENDIAN);
    out.write(buffer.putLong(0, padded.length).array(), 0, Long.BYTES);
    out.write(padded);
    for (Part part : parts) {
      int length = buffer.capacity() / part.width();
      for (long at = 0; at < part.size(); at += length) {
        if (tooLate.getAsBoolean()) {
          return false;
        }
        int count = (int) Math.min(length, part.size() - at);
        part.values().put(at, count, buffer);
        out.write(buffer.array(), 0, count * part.width());
      }
    }
    return true;
  }
}
