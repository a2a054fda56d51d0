package io.sparkfocal.persist;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sparkfocal.train.Floats;
import java.io.Closeable;
import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * A file in the safetensors format (version 0.x of Hugging Face's specification): header length,
 * JSON header, values. {@link SafetensorsWriter} writes it.
 *
 * <p>DJL reads and writes the format too, but through libtorch and into its own memory; this form
 * needs no native library, so that a driver can load a model anywhere, reads tensor by tensor
 * through a small buffer, and checks every length against the file before it allocates.
 */
public final class Safetensors implements Closeable {

  static final String METADATA = "__metadata__";
  static final String FLOAT = "F32";
  static final String DOUBLE = "F64";
  static final String BYTE = "U8";

  /** Written for other readers only. */
  static final String LONG = "I64";

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int HEADER_LIMIT = 100_000_000;

  /** Of a Java array, less a header. */
  private static final long ARRAY = Integer.MAX_VALUE - 8;

  /**
   * A float32 tensor on the heap.
   *
   * @param shape shape
   * @param values as many as the shape says, row by row
   */
  public record Tensor(long[] shape, float[] values) implements Serializable {}

  /**
   * Where a tensor lies.
   *
   * @param type as the format names it
   * @param shape shape
   * @param size values
   * @param at byte of the first one in the file
   */
  record Place(String type, long[] shape, long size, long at) {}

  private final SeekableBytes bytes;
  private final String file;
  private final Map<String, String> metadata = new TreeMap<>();
  private final Map<String, Place> places = new LinkedHashMap<>();
  private final byte[] buffer;

  /**
   * Reads the header.
   *
   * @param bytes of the file; closed with this
   * @param file what the bytes are, for messages
   * @throws IllegalArgumentException if they are not such a file, or hold other types
   * @throws IOException if they cannot be read
   */
  public Safetensors(SeekableBytes bytes, String file) throws IOException {
    this.bytes = bytes;
    this.file = file;
    this.buffer = new byte[(int) Math.min(Float.BYTES * Floats.PIECE, Long.BYTES + bytes.length())];
    long headerLength = -1;
    if (bytes.length() >= Long.BYTES) {
      bytes.read(0, buffer, Long.BYTES);
      headerLength = ByteBuffer.wrap(buffer).order(ByteOrder.LITTLE_ENDIAN).getLong();
    }
    long rest = bytes.length() - Long.BYTES;
    if (headerLength < 2 || headerLength > Math.min(HEADER_LIMIT, rest)) {
      throw damaged("its header length is " + headerLength);
    }
    place(header((int) headerLength), Long.BYTES + headerLength);
  }

  private JsonNode header(int length) throws IOException {
    byte[] text = new byte[length];
    byte[] piece = length <= buffer.length ? text : buffer;
    for (int at = 0; at < length; at += piece.length) {
      int count = Math.min(piece.length, length - at);
      bytes.read(Long.BYTES + at, piece, count);
      System.arraycopy(piece, 0, text, at, count);
    }
    try {
      JsonNode header = JSON.readTree(new String(text, StandardCharsets.UTF_8));
      if (!header.isObject()) {
        throw damaged("its header is no JSON object");
      }
      return header;
    } catch (JsonProcessingException e) {
      throw damaged("its header is no JSON");
    }
  }

  private void place(JsonNode header, long begin) {
    List<String> names = new ArrayList<>();
    header.fieldNames().forEachRemaining(names::add);
    if (names.remove(METADATA)) {
      header
          .path(METADATA)
          .fields()
          .forEachRemaining(e -> metadata.put(e.getKey(), e.getValue().asText()));
    }
    // Those without values may lie where others begin.
    names.sort(
        Comparator.<String>comparingLong(name -> offset(header.path(name), 0))
            .thenComparingLong(name -> offset(header.path(name), 1)));
    long end = 0;
    for (String name : names) {
      Place place = place(name, header.path(name), begin, end);
      places.put(name, place);
      end = place.at() - begin + place.size() * width(place.type());
    }
    if (end < bytes.length() - begin) {
      throw damaged(bytes.length() - begin - end + " bytes belong to no tensor");
    }
  }

  private static long offset(JsonNode entry, int index) {
    return entry.path("data_offsets").path(index).asLong(-1);
  }

  private static int width(String type) {
    return switch (type) {
      case DOUBLE -> Double.BYTES;
      case BYTE -> Byte.BYTES;
      default -> Float.BYTES;
    };
  }

  private Place place(String name, JsonNode entry, long begin, long expected) {
    String type = entry.path("dtype").asText();
    if (!List.of(FLOAT, DOUBLE, BYTE).contains(type)) {
      throw damaged("tensor \"" + name + "\" is neither F32 nor F64 nor U8");
    }
    long most = (bytes.length() - begin) / width(type);
    long[] shape = new long[entry.path("shape").size()];
    long size = 1;
    for (int i = 0; i < shape.length; i++) {
      shape[i] = entry.path("shape").path(i).asLong(-1);
      size = shape[i] < 0 ? -1 : fitting(size, shape[i], most);
      if (size < 0) {
        throw damaged("the shape of tensor \"" + name + "\" does not fit the file");
      }
    }
    long from = offset(entry, 0);
    long to = offset(entry, 1);
    if (from != expected || to - from != size * width(type) || to > bytes.length() - begin) {
      throw damaged("the place of tensor \"" + name + "\" does not fit the file");
    }
    return new Place(type, shape, size, begin + from);
  }

  private static long fitting(long size, long extent, long most) {
    return extent > 0 && size > most / extent ? -1 : size * extent;
  }

  /** Text by name. */
  public Map<String, String> metadata() {
    return Collections.unmodifiableMap(metadata);
  }

  /** The names of the tensors, in the order of their values. */
  public Iterable<String> names() {
    return Collections.unmodifiableSet(places.keySet());
  }

  /** How many values all tensors have. */
  public long size() {
    return places.values().stream().mapToLong(Place::size).sum();
  }

  private Place place(String name, String type) {
    Place place = places.get(name);
    if (place == null) {
      throw damaged("tensor \"" + name + "\" is missing");
    }
    if (!place.type().equals(type)) {
      throw damaged("tensor \"" + name + "\" is not " + type);
    }
    return place;
  }

  /**
   * Reads a tensor.
   *
   * @throws IllegalArgumentException if there is none of that name, of float32 values that an array
   *     holds
   * @throws IOException if it cannot be read
   */
  public Tensor tensor(String name) throws IOException {
    Place place = place(name, FLOAT);
    if (place.size() > ARRAY) {
      throw new IllegalArgumentException(
          "Tensor \"%s\" of %s has %s values, but at most %s can be read."
              .formatted(name, file, place.size(), ARRAY));
    }
    float[] values = new float[(int) place.size()];
    for (int at = 0; at < values.length; ) {
      int count = Math.min(Floats.PIECE, values.length - at);
      piece(place, at, count).asFloatBuffer().get(values, at, count);
      at += count;
    }
    return new Tensor(place.shape(), values);
  }

  /**
   * Reads a tensor of float64.
   *
   * @throws IllegalArgumentException if there is none of that name, of values that an array holds
   * @throws IOException if it cannot be read
   */
  public double[] doubles(String name) throws IOException {
    Place place = place(name, DOUBLE);
    double[] values = new double[Math.toIntExact(place.size())];
    int piece = Floats.PIECE / 2;
    for (int at = 0; at < values.length; at += piece) {
      int count = Math.min(piece, values.length - at);
      piece(place, at, count).asDoubleBuffer().get(values, at, count);
    }
    return values;
  }

  /** Whether there is a tensor of that name. */
  public boolean has(String name) {
    return places.containsKey(name);
  }

  /**
   * Reads a tensor of bytes.
   *
   * @throws IllegalArgumentException if there is none of that name, of as many as an array holds
   * @throws IOException if it cannot be read
   */
  public byte[] bytes(String name) throws IOException {
    Place place = place(name, BYTE);
    if (place.size() > ARRAY) {
      throw damaged("tensor \"" + name + "\" has " + place.size() + " bytes");
    }
    byte[] values = new byte[(int) place.size()];
    for (int at = 0; at < values.length; at += Floats.PIECE) {
      int count = Math.min(Floats.PIECE, values.length - at);
      piece(place, at, count).get(values, at, count);
    }
    return values;
  }

  private ByteBuffer piece(Place place, long at, int count) throws IOException {
    int width = width(place.type());
    bytes.read(place.at() + at * width, buffer, count * width);
    return ByteBuffer.wrap(buffer, 0, count * width).order(ByteOrder.LITTLE_ENDIAN);
  }

  /**
   * The values of a float32 tensor, which are read from the file as they are asked for; closing
   * them closes the file. Used by one thread.
   *
   * @throws IllegalArgumentException if there is none of that name
   */
  Floats values(String name) {
    return new InFile(place(name, FLOAT));
  }

  private final class InFile implements Floats {

    private final Place place;

    InFile(Place place) {
      this.place = place;
    }

    @Override
    public long size() {
      return place.size();
    }

    @Override
    public void get(long at, float[] target, int length) {
      try {
        for (int done = 0; done < length; done += PIECE) {
          int count = Math.min(PIECE, length - done);
          piece(place, at + done, count).asFloatBuffer().get(target, done, count);
        }
      } catch (IOException e) {
        throw new UncheckedIOException(unreadable(file) + e, e);
      }
    }

    @Override
    public void close() {
      try {
        Safetensors.this.close();
      } catch (IOException e) {
        throw new UncheckedIOException(unreadable(file) + e, e);
      }
    }
  }

  /** How the sentence against a file begins that is there no more, or cannot be read here. */
  static String unreadable(String file) {
    return file + " cannot be read: ";
  }

  @Override
  public void close() throws IOException {
    bytes.close();
  }

  private IllegalArgumentException damaged(String why) {
    return new IllegalArgumentException(
        "%s is damaged or no safetensors file of this library: %s; copy or save the model again."
            .formatted(file, why));
  }
}
