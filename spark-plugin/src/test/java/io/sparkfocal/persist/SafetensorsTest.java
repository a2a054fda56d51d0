package io.sparkfocal.persist;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class SafetensorsTest {

  private static Safetensors some() {
    Map<String, Safetensors.Tensor> tensors = new LinkedHashMap<>();
    tensors.put(
        "z.weight", new Safetensors.Tensor(new long[] {2, 3}, new float[] {1, 2, 3, 4, 5, -0.5f}));
    tensors.put("a.bias", new Safetensors.Tensor(new long[] {1}, new float[] {Float.MIN_VALUE}));
    tensors.put("scalar", new Safetensors.Tensor(new long[0], new float[] {7}));
    tensors.put("none", new Safetensors.Tensor(new long[] {0, 3}, new float[0]));
    return new Safetensors(tensors, Map.of("format", "pt"));
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
    Safetensors decoded = Safetensors.decode(some().encode(), "x");
    assertThat(decoded.metadata()).isEqualTo(Map.of("format", "pt"));
    assertThat(decoded.tensors().keySet())
        .containsExactlyInAnyOrderElementsOf(some().tensors().keySet());
    assertThat(decoded.tensors().keySet()).startsWith("z.weight", "a.bias");
    some()
        .tensors()
        .forEach(
            (name, tensor) -> {
              assertThat(decoded.tensors().get(name).shape()).isEqualTo(tensor.shape());
              assertThat(decoded.tensors().get(name).values()).isEqualTo(tensor.values());
            });
  }

  @Test
  void theFileIsAsTheSpecificationSays() {
    byte[] bytes = some().encode();
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
    assertThat(Safetensors.decode(bytes, "x").tensors().get("w").values())
        .containsExactly(1.5f, 2.5f);
  }

  @Test
  void everyTruncationIsRefused() {
    byte[] bytes = some().encode();
    for (int length = 0; length < bytes.length; length++) {
      byte[] part = Arrays.copyOf(bytes, length);
      assertThatIllegalArgumentException()
          .as("first %d bytes", length)
          .isThrownBy(() -> Safetensors.decode(part, "model/weights"))
          .withMessageStartingWith("model/weights is damaged or no safetensors file");
    }
  }

  private static void refuses(byte[] bytes, String why) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Safetensors.decode(bytes, "f"))
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
        "tensor \"w\" is not F32");
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
