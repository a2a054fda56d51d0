package io.sparkfocal.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TensorFloatsTest {

  private static float[] numbers(int size) {
    float[] numbers = new float[size];
    for (int i = 0; i < size; i++) {
      numbers[i] = i + 0.5f;
    }
    return numbers;
  }

  /** Through one buffer, and through several of eight values, the last of which is not full. */
  @ParameterizedTest
  @ValueSource(ints = {31, 3})
  void valuesAreReadAndWrittenWhereverBuffersEnd(int bits) {
    try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
      NDArray tensor = manager.create(numbers(29));
      TensorFloats floats = new TensorFloats(tensor, null, bits);
      assertThat(floats.bytes()).hasSize(bits == 3 ? 4 : 1);
      assertThat(floats.toArray()).isEqualTo(numbers(29));
      for (int at = 0; at < 29; at++) {
        for (int length = 0; at + length <= 29; length++) {
          assertThat(floats.part(at, length).toArray())
              .isEqualTo(Arrays.copyOfRange(numbers(29), at, at + length));
        }
      }
      floats.put(6, new float[] {-1, -2, -3, -4, 9}, 4);
      floats.put(28, new float[] {-5}, 1);
      float[] expected = numbers(29);
      System.arraycopy(new float[] {-1, -2, -3, -4}, 0, expected, 6, 4);
      expected[28] = -5;
      assertThat(tensor.toFloatArray()).isEqualTo(expected);
      floats.set(Floats.of(numbers(29)));
      assertThat(tensor.toFloatArray()).isEqualTo(numbers(29));
    }
  }

  @Test
  void aCopyLivesUntilItsLastHolderHasClosedIt() {
    TensorFloats copy;
    try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
      NDArray tensor = manager.create(numbers(5));
      copy = TensorFloats.copyOf(tensor);
      tensor.addi(1);
    }
    TensorFloats other = copy.shared();
    copy.close();
    assertThat(other.toArray()).isEqualTo(numbers(5));
    TensorFloats ofAny = TensorFloats.copyOf((Floats) other);
    other.close();
    assertThatThrownBy(other::toArray).hasMessage("These values have been closed.");
    assertThat(ofAny.toArray()).isEqualTo(numbers(5));
    ofAny.close();
  }
}
