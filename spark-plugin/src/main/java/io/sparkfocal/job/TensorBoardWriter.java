package io.sparkfocal.job;

import io.sparkfocal.persist.EventFile;
import io.sparkfocal.train.EpochReport;
import io.sparkfocal.train.Evaluation;
import io.sparkfocal.train.ValidationMetric;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.apache.hadoop.fs.ChecksumFileSystem;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes the numbers of epochs for TensorBoard, beside the training thread. Each file is written
 * once and as a whole, since object stores cannot append; TensorBoard reads them in the order of
 * their names. One that cannot be written leaves a warning, and training goes on.
 */
final class TensorBoardWriter implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(TensorBoardWriter.class);
  private static final long FAREWELL_SECONDS = 10;
  private static final double MILLIS = 1000;

  /** From one file to the next: at least so long, and this part of the time since the first. */
  private static final long LEAST_PAUSE = TimeUnit.SECONDS.toMillis(10);

  private static final long PARTS = 100;

  /**
   * An epoch and when it ended.
   *
   * @param millis since 1970
   */
  private record Ended(EpochReport report, long millis) {}

  private final TensorBoardPlan where;
  private final ValidationMetric metric;
  private final String host;
  private final long begin = System.currentTimeMillis();
  private final ExecutorService writer =
      Executors.newSingleThreadExecutor(
          work -> {
            Thread thread = new Thread(work, "focal-tensorboard");
            thread.setDaemon(true);
            return thread;
          });
  private List<Ended> unwritten = new ArrayList<>();
  private boolean isFirst = true;
  private long nextFile;

  /**
   * A writer of one attempt.
   *
   * @param metric that chooses the best epoch
   * @param host this one
   */
  TensorBoardWriter(TensorBoardPlan where, ValidationMetric metric, String host) {
    this.where = where;
    this.metric = metric;
    this.host = host;
    this.nextFile = begin;
  }

  /** Takes an epoch; a file is begun at once if the one before is old enough. */
  void write(EpochReport report) {
    long now = System.currentTimeMillis();
    unwritten.add(new Ended(report, now));
    if (now >= nextFile) {
      nextFile = now + Math.max(LEAST_PAUSE, (now - begin) / PARTS);
      beginFile();
    }
  }

  private void beginFile() {
    if (unwritten.isEmpty()) {
      return;
    }
    List<Ended> epochs = unwritten;
    boolean isRestart = isFirst && epochs.get(0).report().epoch() > 1;
    unwritten = new ArrayList<>();
    isFirst = false;
    writer.execute(() -> write(epochs, isRestart));
  }

  @SuppressWarnings("CatchThrowable") // as a checkpoint's
  private void write(List<Ended> epochs, boolean isRestart) {
    Ended first = epochs.get(0);
    EventFile file = new EventFile(first.millis() / MILLIS);
    if (isRestart) {
      file.restart(first.millis() / MILLIS, first.report().epoch());
    }
    for (Ended epoch : epochs) {
      file.scalars(epoch.millis() / MILLIS, epoch.report().epoch(), numbers(epoch.report()));
    }
    try {
      write(file.toBytes(), first);
    } catch (Throwable e) {
      LOG.warn(
          "Events of epochs {} to {} cannot be written to {} for TensorBoard; training goes on: {}",
          first.report().epoch(),
          epochs.get(epochs.size() - 1).report().epoch(),
          where.folder(),
          e.toString());
    }
  }

  private void write(byte[] bytes, Ended first) throws IOException {
    Path folder = new Path(where.folder());
    FileSystem files = folder.getFileSystem(where.hadoop().value());
    if (files instanceof ChecksumFileSystem checked) {
      // Whose files of checksums TensorBoard would take for its own.
      files = checked.getRawFileSystem();
    }
    String name =
        String.format(
            Locale.ROOT,
            "events.out.tfevents.%010d.%s.%06d",
            first.millis() / (long) MILLIS,
            host,
            first.report().epoch());
    Path unfinished = new Path(folder, "_unfinished-" + first.millis());
    try (FSDataOutputStream out = files.create(unfinished, true)) {
      out.write(bytes);
    }
    if (!files.rename(unfinished, new Path(folder, name))) {
      throw new FileAlreadyExistsException(name);
    }
  }

  private Map<String, Double> numbers(EpochReport report) {
    Map<String, Double> numbers = new LinkedHashMap<>();
    numbers.put("loss/training", report.trainingLoss());
    Evaluation validation = report.validation();
    if (validation != null) {
      numbers.put("loss/validation", validation.loss());
      numbers.put("validation/macroRecall", validation.macroRecall());
      numbers.put("validation/accuracy", validation.accuracy());
      if (metric != ValidationMetric.LOSS) {
        numbers.put("validation/" + metric.label(), validation.metric());
      }
    }
    numbers.put("training/learningRate", report.learningRate());
    numbers.put("training/rowsPerSecond", report.rowsPerSecond());
    numbers.values().removeIf(value -> Double.isNaN(value));
    return numbers;
  }

  /** Waits, for a short time, for what is being written. */
  @Override
  public void close() {
    beginFile();
    writer.shutdown();
    try {
      if (!writer.awaitTermination(FAREWELL_SECONDS, TimeUnit.SECONDS)) {
        LOG.warn("The last events are not in {} yet; they are not waited for.", where.folder());
        writer.shutdownNow();
      }
    } catch (InterruptedException e) {
      writer.shutdownNow();
      Thread.currentThread().interrupt();
    }
  }
}
