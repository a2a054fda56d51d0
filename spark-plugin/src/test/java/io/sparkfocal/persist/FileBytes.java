package io.sparkfocal.persist;

import io.sparkfocal.train.Floats;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.LinkedHashMap;
import java.util.Map;

/** Files in memory. */
public final class FileBytes {

  private FileBytes() {}

  /** The bytes of a file that lie in an array. */
  public static SeekableBytes of(byte[] file) {
    return new SeekableBytes() {
      @Override
      public long length() {
        return file.length;
      }

      @Override
      public void read(long at, byte[] target, int count) {
        System.arraycopy(file, (int) at, target, 0, count);
      }
    };
  }

  /** The file of a checkpoint. */
  public static byte[] of(Checkpoint checkpoint) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try {
      checkpoint.write(out, () -> false);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return out.toByteArray();
  }

  /** From the bytes of a checkpoint. */
  public static Checkpoint checkpoint(byte[] file, String name) {
    try {
      return Checkpoint.read(of(file), name);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The file of these tensors. */
  static byte[] of(Map<String, Safetensors.Tensor> tensors, Map<String, String> metadata) {
    SafetensorsWriter file = new SafetensorsWriter(metadata);
    tensors.forEach((n, t) -> file.add(n, t.shape(), Floats.of(t.values())));
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try {
      file.write(out, () -> false);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return out.toByteArray();
  }

  /** All tensors of a file. */
  static Map<String, Safetensors.Tensor> tensors(byte[] file, String name) {
    Map<String, Safetensors.Tensor> tensors = new LinkedHashMap<>();
    try (Safetensors read = new Safetensors(of(file), name)) {
      for (String tensor : read.names()) {
        tensors.put(tensor, read.tensor(tensor));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return tensors;
  }
}
