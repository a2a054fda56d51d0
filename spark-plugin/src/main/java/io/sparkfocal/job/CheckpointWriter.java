package io.sparkfocal.job;

import io.sparkfocal.data.FeatureEncoding;
import io.sparkfocal.persist.Checkpoint;
import io.sparkfocal.persist.CheckpointFolder;
import io.sparkfocal.train.LoopState;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes checkpoints beside the training thread, which only copies the state. A checkpoint that is
 * due by the number of steps while the one before is still being written is left out, until the
 * next one is due; one that is due by time comes later. Both leave a warning, and so does one that
 * cannot be written; training goes on.
 */
final class CheckpointWriter implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(CheckpointWriter.class);
  private static final long FAREWELL_SECONDS = 3;

  private final CheckpointPlan where;
  private final Map<String, String> plan;
  private final FeatureEncoding encoding;
  private final ExecutorService writer;
  private CompletableFuture<Void> writing = CompletableFuture.completedFuture(null);
  private boolean toldOfWaiting;
  private volatile boolean closed;

  /**
   * A writer of one run.
   *
   * @param plan as in {@link TrainingPlan#described}
   */
  CheckpointWriter(CheckpointPlan where, Map<String, String> plan, FeatureEncoding encoding) {
    this.where = where;
    this.plan = plan;
    this.encoding = encoding;
    this.writer =
        Executors.newSingleThreadExecutor(
            work -> {
              Thread thread = new Thread(work, "focal-checkpoints");
              thread.setDaemon(true);
              return thread;
            });
  }

  /** Whether a checkpoint that is due can be written now; warns if not, once until one is. */
  boolean takesOne() {
    boolean free = writing.isDone();
    if (!free && !toldOfWaiting) {
      toldOfWaiting = true;
      LOG.warn(
          "A checkpoint is due, but the one before is still being written to {}; it is left out, or comes later if it is due by time. Write them less often, or to a faster file system.",
          where.folder());
    }
    return free;
  }

  /** Begins to write one, of a state on which all ranks have agreed; closes it afterwards. */
  void write(LoopState state) {
    toldOfWaiting = false;
    Checkpoint checkpoint = new Checkpoint(plan, encoding, state);
    writing = CompletableFuture.runAsync(() -> write(checkpoint), writer);
  }

  /**
   * Whatever happens, training goes on: memory may be short, or a file system's classes missing.
   */
  @SuppressWarnings("CatchThrowable")
  private void write(Checkpoint checkpoint) {
    try (checkpoint) {
      new CheckpointFolder(where.folder(), where.run(), where.hadoop().value())
          .write(checkpoint, where.kept(), () -> closed);
    } catch (Throwable e) {
      LOG.warn(
          "Checkpoint of step {} cannot be written to {}; training goes on, and the one before it stays: {}",
          checkpoint.state().stepsDone(),
          where.folder(),
          e.toString());
    }
  }

  /** Waits, for a short time, for what is being written; later it is not kept any more. */
  @Override
  public void close() {
    writer.shutdown();
    boolean ended = false;
    try {
      ended = writer.awaitTermination(FAREWELL_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    closed = true;
    if (!ended) {
      writer.shutdownNow();
    }
  }
}
