package io.sparkfocal.data;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Rows that are spilled to a device that is always full. */
public final class ShardWriterFull {

  private static final int BUCKETS = 256;

  private ShardWriterFull() {}

  /** Throws what writing there throws. */
  public static void provoke(Path folder) throws IOException {
    for (int bucket = 0; bucket < BUCKETS; bucket++) {
      Files.createSymbolicLink(folder.resolve("bucket-" + bucket), Path.of("/dev/full"));
    }
    try (ShardWriter writer = new ShardWriter(2, 1000, () -> folder)) {
      for (int row = 0; row < 10_000; row++) {
        writer.add(new float[] {row, row + 1, 0, 1});
      }
    }
  }
}
