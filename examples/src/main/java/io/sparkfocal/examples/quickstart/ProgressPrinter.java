package io.sparkfocal.examples.quickstart;

import io.sparkfocal.plugin.EpochCompleted;
import io.sparkfocal.train.EpochReport;
import io.sparkfocal.train.Evaluation;
import java.io.PrintStream;
import java.time.Duration;
import java.util.Locale;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerEvent;
import org.apache.spark.sql.SparkSession;

/** Prints a line when an epoch ends: the last of each run, and others at most once a second. */
final class ProgressPrinter extends SparkListener {

  private static final long PAUSE_NANOS = Duration.ofSeconds(1).toNanos();

  private final int epochs;
  private final PrintStream out;
  private final long start = System.nanoTime();
  private volatile String run = "";
  private int done;
  private long lastLine = start - PAUSE_NANOS;

  /**
   * A printer.
   *
   * @param epochs how many epochs all runs together have
   */
  ProgressPrinter(int epochs, PrintStream out) {
    this.epochs = epochs;
    this.out = out;
  }

  /** A printer to standard output of what happens in this application. */
  static ProgressPrinter listenTo(SparkSession spark, int epochs) {
    ProgressPrinter printer = new ProgressPrinter(epochs, System.out);
    spark.sparkContext().addSparkListener(printer);
    return printer;
  }

  /** Names the run whose epochs come next. */
  void startRun(String title) {
    run = title;
  }

  @Override
  public void onOtherEvent(SparkListenerEvent event) {
    if (event instanceof EpochCompleted completed) {
      done++;
      EpochReport report = completed.report();
      long now = System.nanoTime();
      if (report.epoch() == report.epochs() || now - lastLine >= PAUSE_NANOS) {
        lastLine = now;
        out.println(line(report, (now - start) / 1e9 / done * (epochs - done)));
      }
    }
  }

  private String line(EpochReport report, double secondsLeft) {
    Evaluation validation = report.validation();
    return String.format(
        Locale.ROOT,
        "%-32s epoch %2d/%d  loss %.5f  %s%,9.0f rows/s  %s left",
        run,
        report.epoch(),
        report.epochs(),
        report.trainingLoss(),
        validation == null
            ? ""
            : String.format(
                Locale.ROOT,
                "validation loss %.5f macro recall %.4f  ",
                validation.loss(),
                validation.macroRecall()),
        report.rowsPerSecond(),
        clock(secondsLeft));
  }

  private static String clock(double seconds) {
    long whole = Math.round(seconds);
    return String.format(Locale.ROOT, "%d:%02d", whole / 60, whole % 60);
  }
}
