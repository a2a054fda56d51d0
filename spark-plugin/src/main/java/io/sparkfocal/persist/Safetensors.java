package io.sparkfocal.persist;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.Serializable;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Float32 tensors by name, and text by name, in the safetensors format (version 0.x of Hugging
 * Face's specification): header length, JSON header, values.
 *
 * <p>DJL reads and writes the format too, but through libtorch and into its own memory; this form
 * needs no native library, so that a driver can load a model anywhere, and checks every length
 * against the file before it allocates.
 *
 * @param tensors in the order of their values in the file
 * @param metadata text by name
 */
public record Safetensors(Map<String, Tensor> tensors, Map<String, String> metadata) {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String METADATA = "__metadata__";
  private static final int HEADER_LIMIT = 100_000_000;

  /**
   * One tensor.
   *
   * @param shape shape
   * @param values as many as the shape says, row by row
   */
  public record Tensor(long[] shape, float[] values) implements Serializable {}

  /** The file's bytes. */
  public byte[] encode() {
    ObjectNode header = JSON.createObjectNode();
    if (!metadata.isEmpty()) {
      ObjectNode texts = header.putObject(METADATA);
      new TreeMap<>(metadata).forEach(texts::put);
    }
    long offset = 0;
    for (Map.Entry<String, Tensor> named : tensors.entrySet()) {
      long end = offset + (long) Float.BYTES * named.getValue().values().length;
      ObjectNode entry = header.putObject(named.getKey());
      entry.put("dtype", "F32");
      Arrays.stream(named.getValue().shape()).forEach(entry.putArray("shape")::add);
      entry.putArray("data_offsets").add(offset).add(end);
      offset = end;
    }
    byte[] text = padded(header.toString().getBytes(StandardCharsets.UTF_8));
    ByteBuffer bytes =
        ByteBuffer.allocate(Math.toIntExact(Long.BYTES + text.length + offset))
            .order(ByteOrder.LITTLE_ENDIAN);
    bytes.putLong(text.length).put(text);
    for (Tensor tensor : tensors.values()) {
      bytes.asFloatBuffer().put(tensor.values());
      bytes.position(bytes.position() + Float.BYTES * tensor.values().length);
    }
    return bytes.array();
  }

  private static byte[] padded(byte[] header) {
    byte[] padded = Arrays.copyOf(header, (header.length + 7) / 8 * 8);
    Arrays.fill(padded, header.length, padded.length, (byte) ' ');
    return padded;
  }

  /**
   * The tensors and texts in a file.
   *
   * @param file what the bytes are, for messages
   * @throws IllegalArgumentException if the bytes are not such a file, or hold other types than F32
   */
  public static Safetensors decode(byte[] bytes, String file) {
    ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    long headerLength = bytes.length < Long.BYTES ? -1 : buffer.getLong();
    if (headerLength < 2 || headerLength > Math.min(HEADER_LIMIT, buffer.remaining())) {
      throw damaged(file, "its header length is " + headerLength);
    }
    JsonNode header = header(bytes, (int) headerLength, file);
    ByteBuffer values = buffer.position(Long.BYTES + (int) headerLength).slice();
    values.order(ByteOrder.LITTLE_ENDIAN);

    Map<String, String> metadata = new TreeMap<>();
    List<String> names = new ArrayList<>();
    Iterator<Map.Entry<String, JsonNode>> fields = header.fields();
    while (fields.hasNext()) {
      Map.Entry<String, JsonNode> field = fields.next();
      if (field.getKey().equals(METADATA)) {
        field
            .getValue()
            .fields()
            .forEachRemaining(e -> metadata.put(e.getKey(), e.getValue().asText()));
      } else {
        names.add(field.getKey());
      }
    }
    // Those without values may lie where others begin.
    names.sort(
        Comparator.<String>comparingLong(name -> offset(header, name, 0))
            .thenComparingLong(name -> offset(header, name, 1)));
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    for (String name : names) {
      tensors.put(name, tensor(name, header.get(name), values, file));
    }
    if (values.hasRemaining()) {
      throw damaged(file, values.remaining() + " bytes belong to no tensor");
    }
    return new Safetensors(tensors, metadata);
  }

  private static long offset(JsonNode header, String name, int index) {
    return header.path(name).path("data_offsets").path(index).asLong(-1);
  }

  private static JsonNode header(byte[] bytes, int length, String file) {
    String text = new String(bytes, Long.BYTES, length, StandardCharsets.UTF_8);
    try {
      JsonNode header = JSON.readTree(text);
      if (!header.isObject()) {
        throw damaged(file, "its header is no JSON object");
      }
      return header;
    } catch (JsonProcessingException e) {
      throw damaged(file, "its header is no JSON");
    }
  }

  private static Tensor tensor(String name, JsonNode entry, ByteBuffer values, String file) {
    if (!entry.path("dtype").asText().equals("F32")) {
      throw damaged(file, "tensor \"" + name + "\" is not F32");
    }
    long begin = entry.path("data_offsets").path(0).asLong(-1);
    long end = entry.path("data_offsets").path(1).asLong(-1);
    long most = values.capacity() / Float.BYTES;
    long[] shape = new long[entry.path("shape").size()];
    long size = 1;
    for (int i = 0; i < shape.length; i++) {
      shape[i] = entry.path("shape").path(i).asLong(-1);
      size = shape[i] < 0 || shape[i] > most ? -1 : size * shape[i];
      if (size < 0 || size > most) {
        throw damaged(file, "the shape of tensor \"" + name + "\" does not fit the file");
      }
    }
    if (begin != values.position() || end - begin != size * Float.BYTES || end > values.limit()) {
      throw damaged(file, "the place of tensor \"" + name + "\" does not fit the file");
    }
    float[] floats = new float[(int) size];
    values.asFloatBuffer().get(floats);
    values.position((int) end);
    return new Tensor(shape, floats);
  }

  private static IllegalArgumentException damaged(String file, String why) {
    return new IllegalArgumentException(
        "%s is damaged or no safetensors file of this library: %s; copy or save the model again."
            .formatted(file, why));
  }
}
