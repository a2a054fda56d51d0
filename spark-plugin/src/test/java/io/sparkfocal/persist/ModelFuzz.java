package io.sparkfocal.persist;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Arrays;

/**
 * Any bytes are a model whose layers have as many values as its weights, or are refused in a
 * sentence. Bytes after the first zero are the weights.
 */
public final class ModelFuzz {

  private ModelFuzz() {}

  /** Called with every input. */
  public static void fuzzerTestOneInput(byte[] data) {
    int end = 0;
    while (end < data.length && data[end] != 0) {
      end++;
    }
    byte[] network = Arrays.copyOf(data, end);
    byte[] weights = Arrays.copyOfRange(data, Math.min(data.length, end + 1), data.length);
    try {
      ModelFiles.decode(network, "n", FileBytes.of(weights), "w");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (IllegalArgumentException e) {
      FuzzSeeds.requireSentence(e);
    }
  }
}
