package io.sparkfocal.job;

import io.sparkfocal.data.ShardMemory;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkEnv;
import org.apache.spark.TaskContext;

/**
 * How much memory the rows of a rank may take ({@code spark.focal.data.shard-memory}), and the
 * folders for what is larger, in Spark's local dirs.
 */
final class LocalDisk {

  private static final String ENCRYPTION = "spark.io.encryption.enabled";

  /** Part of the heap that the rows of all ranks of a JVM take where nothing is set. */
  private static final double HEAP_PART = 0.4;

  private LocalDisk() {}

  /** What a rank of this executor may use. */
  static ShardMemory shardMemory(TaskContext context, JobSettings settings) {
    SparkConf conf = SparkEnv.get().conf();
    Long set = settings.shardMemory();
    long bytes =
        set != null
            ? set
            : (long) (HEAP_PART * Runtime.getRuntime().maxMemory() / ranks(conf, context));
    return new ShardMemory(bytes, () -> newFolder(settings.plaintextRows()));
  }

  /**
   * Requires that rows may lie on disk as they are.
   *
   * @param conf the application's
   * @param allowed whether they may although it encrypts its files
   * @throws IllegalArgumentException if the application encrypts what it writes to local disks
   */
  static void requirePlainAllowed(SparkConf conf, boolean allowed) {
    if (JobSettings.isTrue(conf, ENCRYPTION) && !allowed) {
      throw new IllegalArgumentException(
          "%s is true, but rows that do not fit into memory would lie on disk in plain; raise spark.focal.data.shard-memory, use more workers, or set %s to true if the disk is encrypted."
              .formatted(ENCRYPTION, JobSettings.PLAINTEXT_ROWS));
    }
  }

  private static int ranks(SparkConf conf, TaskContext context) {
    boolean local = SparkEnv.get().executorId().equals("driver");
    // An executor of a standalone cluster takes all cores where none are set.
    int all = Runtime.getRuntime().availableProcessors();
    int cores = local ? all : conf.getInt("spark.executor.cores", all);
    return Math.max(1, cores / context.cpus());
  }

  private static Path newFolder(boolean plainAllowed) {
    requirePlainAllowed(SparkEnv.get().conf(), plainAllowed);
    Path inLocalDir =
        SparkEnv.get().blockManager().diskBlockManager().createTempLocalBlock()._2().toPath();
    try {
      return Files.createDirectory(inLocalDir);
    } catch (IOException e) {
      throw new UncheckedIOException("No folder can be made at " + inLocalDir + ".", e);
    }
  }
}
