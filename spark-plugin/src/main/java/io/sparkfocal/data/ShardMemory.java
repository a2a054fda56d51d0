package io.sparkfocal.data;

import java.nio.file.Path;
import java.util.function.Supplier;

/**
 * How much of a rank's rows may lie in memory, and where the rest goes.
 *
 * @param bytes of rows on the heap; those of larger shards lie in a file
 * @param folders makes an empty folder for that file
 */
public record ShardMemory(long bytes, Supplier<Path> folders) {

  /** The part that validation rows may take. */
  private static final int VALIDATION_PART = 4;

  ShardWriter training(int width) {
    return new ShardWriter(width, bytes - bytes / VALIDATION_PART, folders);
  }

  ShardWriter validation(int width) {
    return new ShardWriter(width, bytes / VALIDATION_PART, folders);
  }
}
