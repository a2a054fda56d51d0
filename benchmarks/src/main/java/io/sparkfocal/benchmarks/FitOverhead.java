package io.sparkfocal.benchmarks;

import io.sparkfocal.ml.FocalLossClassificationModel;
import io.sparkfocal.ml.FocalLossClassifier;
import io.sparkfocal.ml.TrainingSummary;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeoutException;
import java.util.stream.IntStream;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.ml.classification.LogisticRegression;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerJobEnd;
import org.apache.spark.scheduler.SparkListenerJobStart;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;

/**
 * What a fit of few rows takes beside reading and training, and what MLlib's LogisticRegression
 * takes on the same rows. Reading is the first job of a fit; training is what the summary says of
 * the epochs. MLlib's time is compared with all but the training.
 */
public final class FitOverhead {

  private static final int ROWS = 10_000;
  private static final int FITS = 6;
  private static final int EPOCHS = 2;
  private static final int THEIR_ITERATIONS = 10;
  private static final String HELD_OUT = "held_out";

  private FitOverhead() {}

  /**
   * Takes the master: {@code local[2]}, or two executors of {@code local-cluster}, for which the
   * variable SPARK_HOME is to name a folder for their logs.
   */
  public static void main(String[] arguments) throws IOException, TimeoutException {
    Files.createDirectories(Path.of(System.getenv("SPARK_HOME"), "jars"));
    System.out.println(
        "| | fit, s | of it reading, s | training, s | rest, s | LogisticRegression, s | its time over reading and rest | spread | two empty jobs, s |\n|-|-|-|-|-|-|-|-|-|");
    String master = arguments[0];
    boolean local = master.equals("local[2]");
    measure(local ? "`local[2]`" : "two executors", master)
        .print(local ? "overhead-local" : "overhead");
  }

  /** Of rows none of which is held out. */
  private static Pairs measure(String name, String master) throws IOException, TimeoutException {
    String version = scala.util.Properties.versionNumberString();
    try (SparkSession spark =
        SparkSession.builder()
            .master(master)
            .appName("Spark Focal small fits")
            .config("spark.ui.enabled", false)
            .config("spark.plugins", "io.sparkfocal.plugin.SparkFocalPlugin")
            .config("spark.executor.extraClassPath", System.getProperty("java.class.path"))
            .config(
                "spark.executorEnv.SPARK_SCALA_VERSION",
                version.substring(0, version.lastIndexOf('.')))
            .getOrCreate()) {
      Dataset<Row> rows =
          MadeUpTable.withVector(MadeUpTable.of(spark, ROWS, 11))
              .coalesce(2)
              .withColumn(HELD_OUT, functions.rand(3).lt(0.2))
              .cache();
      rows.count();
      FocalLossClassifier ours =
          new FocalLossClassifier()
              .setLabelCol(MadeUpTable.LABEL)
              .setNetwork("mlp")
              .setValidationFraction(0)
              .setMaxIter(EPOCHS);
      Pairs pairs = measure(name, spark, rows, ours);
      measure(
          name + ", a fifth of the rows for validation",
          spark,
          rows,
          ours.setValidationIndicatorCol(HELD_OUT));
      return pairs;
    }
  }

  private static Pairs measure(
      String name, SparkSession spark, Dataset<Row> rows, FocalLossClassifier classifier)
      throws TimeoutException {
    Pairs pairs = new Pairs();
    List<Double> fits = new ArrayList<>();
    List<Double> readings = new ArrayList<>();
    List<Double> trainings = new ArrayList<>();
    List<Double> rests = new ArrayList<>();
    List<Double> empty = new ArrayList<>();
    FirstJob first = new FirstJob();
    spark.sparkContext().addSparkListener(first);
    for (int fit = 1; fit <= FITS; fit++) {
      // The end of the job before is told later.
      spark.sparkContext().listenerBus().waitUntilEmpty();
      first.begin();
      long start = System.nanoTime();
      FocalLossClassificationModel model = classifier.fit(rows);
      double our = since(start);
      double training = training(model.summary());
      double reading = first.seconds();
      start = System.nanoTime();
      new LogisticRegression()
          .setLabelCol(MadeUpTable.LABEL)
          .setMaxIter(THEIR_ITERATIONS)
          .fit(rows);
      double their = since(start);
      start = System.nanoTime();
      emptyJob(spark);
      emptyJob(spark);
      double jobs = since(start);
      if (fit > 1) {
        pairs.times(our - training, their);
        fits.add(our);
        readings.add(reading);
        trainings.add(training);
        rests.add(our - reading - training);
        empty.add(jobs);
      }
    }
    spark.sparkContext().removeSparkListener(first);
    System.out.printf(
        Locale.ROOT,
        "| %s | %.2f | %.2f | %.2f | %.2f | %.2f | %.2f | %s | %.2f |%n",
        name,
        Pairs.median(fits),
        Pairs.median(readings),
        Pairs.median(trainings),
        Pairs.median(rests),
        pairs.theirs(),
        pairs.ratio(),
        pairs.spread(),
        Pairs.median(empty));
    return pairs;
  }

  /** How long the first job since a moment took. */
  private static final class FirstJob extends SparkListener {

    private int job;
    private long start;
    private long millis;

    synchronized void begin() {
      job = -1;
      millis = -1;
    }

    @Override
    public synchronized void onJobStart(SparkListenerJobStart event) {
      if (job < 0) {
        job = event.jobId();
        start = event.time();
      }
    }

    @Override
    public synchronized void onJobEnd(SparkListenerJobEnd event) {
      if (job == event.jobId()) {
        millis = event.time() - start;
        notifyAll();
      }
    }

    synchronized double seconds() {
      try {
        while (millis < 0) {
          wait();
        }
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
      return millis / 1e3;
    }
  }

  /** From the first step to the end of the last epoch, validation and all. */
  private static double training(TrainingSummary summary) {
    return summary.epochs().get(summary.epochs().size() - 1).elapsedSeconds();
  }

  private static void emptyJob(SparkSession spark) {
    new JavaSparkContext(spark.sparkContext())
        .parallelize(IntStream.range(0, 2).boxed().toList(), 2)
        .count();
  }

  private static double since(long start) {
    return (System.nanoTime() - start) / 1e9;
  }
}
