package io.sparkfocal.job;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkfocal.data.Standardization;
import io.sparkfocal.testing.LogLines;
import io.sparkfocal.train.Floats;
import io.sparkfocal.train.LoopState;
import io.sparkfocal.train.OptimizerState;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Semaphore;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.hadoop.util.Progressable;
import org.apache.spark.util.SerializableConfiguration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class CheckpointWriterTest {

  private static final Semaphore FILES = new Semaphore(0);
  private static final Semaphore BEGUN = new Semaphore(0);

  /** The local disk, where a file begins when it may. */
  public static final class Slow extends RawLocalFileSystem {

    /** Made by Hadoop. */
    public Slow() {}

    @Override
    public FSDataOutputStream create(
        org.apache.hadoop.fs.Path path,
        boolean overwrite,
        int bufferSize,
        short replication,
        long blockSize,
        Progressable progress)
        throws IOException {
      BEGUN.release();
      FILES.acquireUninterruptibly();
      return super.create(path, overwrite, bufferSize, replication, blockSize, progress);
    }
  }

  private static LoopState state(int step) {
    return new LoopState(
        1, step, 10, 0, 1, Floats.of(1), new OptimizerState(1, Map.of()), null, List.of(), 1);
  }

  private static void awaitFree(CheckpointWriter writer) throws InterruptedException {
    while (!writer.takesOne()) {
      Thread.sleep(10);
    }
  }

  @Test
  void aCheckpointThatIsLeftOutLeavesAWarningOnceUntilOneIsWritten(@TempDir Path folder)
      throws InterruptedException {
    Configuration hadoop = new Configuration(false);
    hadoop.set("fs.file.impl", Slow.class.getName());
    hadoop.set("fs.file.impl.disable.cache", "true");
    String where = folder.toUri().toString();
    CheckpointPlan plan =
        new CheckpointPlan(where, "run", 1, 0, 2, new SerializableConfiguration(hadoop));
    String warning =
        "A checkpoint is due, but the one before is still being written to "
            + where
            + "; it is left out, or comes later if it is due by time. Write them less often, or to a faster file system.";
    Standardization none = new Standardization(new double[] {0}, new double[] {1});
    try (LogLines warnings = new LogLines(CheckpointWriter.class.getName());
        CheckpointWriter writer = new CheckpointWriter(plan, Map.of(), none)) {
      assertThat(writer.takesOne()).isTrue();
      writer.write(state(1));
      BEGUN.acquire();
      assertThat(warnings.lines()).isEmpty();
      assertThat(writer.takesOne()).isFalse();
      assertThat(writer.takesOne()).isFalse();
      assertThat(warnings.lines()).containsExactly(warning);
      FILES.release(1000);
      awaitFree(writer);
      FILES.drainPermits();
      BEGUN.drainPermits();
      writer.write(state(2));
      BEGUN.acquire();
      assertThat(writer.takesOne()).isFalse();
      assertThat(warnings.lines()).containsExactly(warning, warning);
      FILES.release(1000);
      awaitFree(writer);
      assertThat(warnings.lines()).hasSize(2);
    }
  }
}
