package io.sparkfocal.persist;

import java.util.Map;

/** Any bytes are tensors whose shapes are those of their values, or are refused in a sentence. */
public final class SafetensorsFuzz {

  private SafetensorsFuzz() {}

  /** Called with every input. */
  public static void fuzzerTestOneInput(byte[] data) {
    Map<String, Safetensors.Tensor> file;
    try {
      file = FileBytes.tensors(data, "f");
    } catch (IllegalArgumentException e) {
      FuzzSeeds.requireSentence(e);
      return;
    }
    long values = 0;
    for (Map.Entry<String, Safetensors.Tensor> named : file.entrySet()) {
      long size = 1;
      for (long extent : named.getValue().shape()) {
        size = Math.multiplyExact(size, extent);
      }
      if (size != named.getValue().values().length) {
        throw new AssertionError(named.getKey() + " has " + size + " places");
      }
      values += size;
    }
    if (values * Float.BYTES > data.length) {
      throw new AssertionError("more values than bytes");
    }
  }
}
