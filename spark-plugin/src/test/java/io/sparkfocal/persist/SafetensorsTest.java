package io.sparkfocal.persist;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.sparkfocal.train.Floats;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class SafetensorsTest {

  private static Map<String, Safetensors.Tensor> some() {
    Map<String, Safetensors.Tensor> tensors = new LinkedHashMap<>();
    tensors.put(
        "z.weight", new Safetensors.Tensor(new long[] {2, 3}, new float[] {1, 2, 3, 4, 5, -0.5f}));
    tensors.put("a.bias", new Safetensors.Tensor(new long[] {1}, new float[] {Float.MIN_VALUE}));
    tensors.put("scalar", new Safetensors.Tensor(new long[0], new float[] {7}));
    tensors.put("none", new Safetensors.Tensor(new long[] {0, 3}, new float[0]));
    return tensors;
  }

  private static byte[] file() {
    return FileBytes.of(some(), Map.of("format", "pt"));
  }

  /** A file with this header and these values. */
  private static byte[] file(String header, float... values) {
    byte[] text = header.getBytes(StandardCharsets.UTF_8);
    ByteBuffer bytes =
        ByteBuffer.allocate(8 + text.length + 4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    bytes.putLong(text.length).put(text);
    for (float value : values) {
      bytes.putFloat(value);
    }
    return bytes.array();
  }

  @Test
  void tensorsComeBackInTheirOrder() {
    Map<String, Safetensors.Tensor> read = FileBytes.tensors(file(), "x");
    assertThat(read.keySet()).containsExactlyInAnyOrderElementsOf(some().keySet());
    assertThat(read.keySet()).startsWith("z.weight", "a.bias");
    some()
        .forEach(
            (name, tensor) -> {
              assertThat(read.get(name).shape()).isEqualTo(tensor.shape());
              assertThat(read.get(name).values()).isEqualTo(tensor.values());
            });
  }

  @Test
  void theFileIsAsTheSpecificationSays() {
    byte[] bytes = file();
    long header = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong();
    assertThat(header % 8).isZero();
    assertThat(new String(bytes, 8, (int) header, StandardCharsets.UTF_8))
        .startsWith(
            "{\"__metadata__\":{\"format\":\"pt\"},\"z.weight\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[0,24]}");
    assertThat(bytes).hasSize((int) (8 + header + 4 * 8));
  }

  @Test
  void aFileOfAnotherWriterIsRead() {
    byte[] bytes =
        file("{\"w\":{\"shape\":[2],\"data_offsets\":[0,8],\"dtype\":\"F32\"}}   ", 1.5f, 2.5f);
    assertThat(FileBytes.tensors(bytes, "x").get("w").values()).containsExactly(1.5f, 2.5f);
  }

  /** One more than a buffer holds, and one more value of float64. */
  @Test
  void whatIsLargerThanABufferIsReadInPiecesFromAnyPlace() throws IOException {
    float[] floats = new float[2 * Floats.PIECE + 1];
    double[] doubles = new double[Floats.PIECE / 2 + 1];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = i * 0.7f;
    }
    for (int i = 0; i < doubles.length; i++) {
      doubles[i] = i / 3.0;
    }
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    new SafetensorsWriter(Map.of("a", "b"))
        .add("first", new long[] {doubles.length}, doubles)
        .add("second", new long[] {floats.length}, Floats.of(floats))
        .write(out, () -> false);
    try (Safetensors file = new Safetensors(FileBytes.of(out.toByteArray()), "x")) {
      assertThat(file.metadata()).isEqualTo(Map.of("a", "b"));
      assertThat(file.size()).isEqualTo(floats.length + doubles.length);
      assertThat(file.tensor("second").values()).isEqualTo(floats);
      assertThat(file.doubles("first")).isEqualTo(doubles);
      Floats lazy = file.values("second");
      assertThat(lazy.toArray()).isEqualTo(floats);
      assertThat(lazy.part(Floats.PIECE - 2, 5).toArray())
          .isEqualTo(Arrays.copyOfRange(floats, Floats.PIECE - 2, Floats.PIECE + 3));
      assertThatIllegalArgumentException()
          .isThrownBy(() -> file.tensor("first"))
          .withMessageContaining("tensor \"first\" is not F32");
    }
  }

  @Test
  void aWriterLeavesOffWhenItIsTooLate() throws IOException {
    SafetensorsWriter file =
        new SafetensorsWriter(Map.of())
            .add("w", new long[] {3L * Floats.PIECE}, Floats.of(new float[3 * Floats.PIECE]));
    AtomicInteger looks = new AtomicInteger();
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    assertThat(file.write(out, () -> looks.incrementAndGet() > 2)).isFalse();
    assertThat(out.size()).isBetween(8 * Floats.PIECE, 9 * Floats.PIECE);
  }

  @Test
  void everyTruncationIsRefused() {
    byte[] bytes = file();
    for (int length = 0; length < bytes.length; length++) {
      byte[] part = Arrays.copyOf(bytes, length);
      assertThatIllegalArgumentException()
          .as("first %d bytes", length)
          .isThrownBy(() -> FileBytes.tensors(part, "model/weights"))
          .withMessageStartingWith("model/weights is damaged or no safetensors file");
    }
  }

  private static void refuses(byte[] bytes, String why) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> FileBytes.tensors(bytes, "f"))
        .withMessage(
            "f is damaged or no safetensors file of this library: %s; copy or save the model again."
                .formatted(why));
  }

  @Test
  void headersThatLieAreRefused() {
    refuses(file("{\"w\": 1"), "its header is no JSON");
    refuses(file("[1]"), "its header is no JSON object");
    refuses(
        file("{\"w\":{\"dtype\":\"F16\",\"shape\":[1],\"data_offsets\":[0,2]}}", 1),
        "tensor \"w\" is neither F32 nor F64 nor U8");
    refuses(
        file("{\"w\":{\"dtype\":\"F32\",\"shape\":[3000000000],\"data_offsets\":[0,4]}}", 1),
        "the shape of tensor \"w\" does not fit the file");
    refuses(
        file("{\"w\":{\"dtype\":\"F32\",\"shape\":[-1],\"data_offsets\":[0,4]}}", 1),
        "the shape of tensor \"w\" does not fit the file");
    refuses(
        file("{\"w\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}", 1, 2),
        "the place of tensor \"w\" does not fit the file");
    refuses(
        file("{\"w\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", 1, 2),
        "4 bytes belong to no tensor");
    refuses(new byte[] {1, 2, 3}, "its header length is -1");
    refuses(
        new byte[] {-1, -1, -1, -1, -1, -1, -1, 127, 0},
        "its header length is 9223372036854775807");
  }
}
