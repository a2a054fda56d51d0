package io.sparkfocal.ml;

import io.sparkfocal.data.BadRowException;
import io.sparkfocal.data.Columns;
import io.sparkfocal.data.FeatureLayout;
import io.sparkfocal.data.TableEncoding;
import io.sparkfocal.ml.FeatureImportances.Importance;
import io.sparkfocal.persist.TrainedNetwork;
import io.sparkfocal.train.MetricSums;
import io.sparkfocal.train.ValidationMetric;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import scala.Tuple2;

/**
 * Measures what shuffling a feature does to a metric, in one job over the rows.
 *
 * <p>Tasks exchange values within their own batches of rows, so no row goes through a shuffle or
 * the driver; only sums do, which executors add up. If more than one row in twenty had too few to
 * exchange with, since partitions are small, the job is repeated with partitions merged.
 *
 * @param network of the model
 * @param sent the same, for the executors
 * @param layout where the features are
 * @param keeps whether features may be missing
 * @param scores from probabilities to a class
 * @param label the column of the labels
 * @param options what to measure, and how often
 */
record PermutationImportance(
    TrainedNetwork network,
    SentNetwork sent,
    FeatureLayout layout,
    boolean keeps,
    ClassScores scores,
    String label,
    ImportanceOptions options) {

  /** Each is scored some times for each row. */
  private static final int MOST_FEATURES = 4096;

  private static final int MOST_COPIES = 1 << 16;

  private static final double MOST_FEW = 0.05;

  /** Of merged partitions. */
  private static final long ROWS_OF_MERGED = 2048;

  /**
   * The importances.
   *
   * @param rows have the features and the label
   * @throws IllegalArgumentException if there is no label column, a row is bad, there are not two
   *     rows, the rows do not define the metric, or there are too many features or classes
   */
  FeatureImportances of(Dataset<?> rows) {
    if (network.link().isMultilabel()) {
      throw new IllegalArgumentException(
          "The model is of rows with several labels, whose metrics are not told by shuffled features; setAttributionCol explains each row's most probable label.");
    }
    StructType schema = rows.schema();
    String found = Columns.requireNumeric(schema, label, "labelCol").name();
    layout.requireWithout(found, schema);
    if (layout.kind() == FeatureLayout.Kind.IMAGE) {
      throw new IllegalArgumentException(
          "%s has images, whose values have no importance of their own; setAttributionCol explains each row."
              .formatted(layout.describe()));
    }
    ValidationMetric metric = ValidationMetric.of(options.metric());
    int features = network.encoding().features();
    requireFeatures(features);
    int copies = ShuffledScores.copies(features, options.repeats());
    MetricSums.of(metric, network.classes(), copies);
    ShuffledScores task =
        new ShuffledScores(
            sent,
            layout,
            keeps,
            network.link(),
            scores,
            network.classes(),
            found,
            metric,
            options.repeats(),
            options.seed());
    Column[] read = layout.columns().stream().map(Columns::named).toArray(Column[]::new);
    Dataset<Row> selected =
        rows.select(
            functions.struct(read), Columns.named(found).cast(DataTypes.DoubleType).as("label"));
    Measured[] measured = measured(selected, task, copies);
    return importances(measured, metric, names(schema));
  }

  /** Value of a metric on rows, how many there are, and how many had few to exchange with. */
  private record Measured(double value, long rows, long few) {}

  private void requireFeatures(int features) {
    if (features > MOST_FEATURES || (long) features * options.repeats() > MOST_COPIES) {
      throw new IllegalArgumentException(
          "The model has %s features and repeats is %s, but every row is scored once for each of both; use a model of at most %s features and at most %s of both together."
              .formatted(features, options.repeats(), MOST_FEATURES, MOST_COPIES));
    }
  }

  private Measured[] measured(Dataset<Row> rows, ShuffledScores task, int copies) {
    Dataset<Row> parts = rows;
    int partitions = rows.toJavaRDD().getNumPartitions();
    while (true) {
      Measured[] measured = job(parts, task, copies);
      Measured plain = measured[0];
      if (plain.few() <= MOST_FEW * plain.rows() || partitions <= 1) {
        require(plain.rows());
        return measured;
      }
      partitions = (int) Math.max(1, Math.min(partitions / 4, plain.rows() / ROWS_OF_MERGED));
      parts = rows.coalesce(partitions);
    }
  }

  private static void require(long rows) {
    if (rows < 2) {
      throw new IllegalArgumentException(
          rows == 0
              ? "The dataset has no rows to explain the model by; give it some hundreds or more."
              : "The dataset has 1 row, which nothing can be exchanged with; give it some hundreds"
                  + " or more.");
    }
  }

  private static Measured[] job(Dataset<Row> rows, ShuffledScores task, int copies) {
    JavaPairRDD<Integer, byte[]> sums = rows.toJavaRDD().mapPartitionsToPair(task);
    int tasks =
        Math.min(copies, Math.max(1, rows.sparkSession().sparkContext().defaultParallelism()));
    ValidationMetric metric = task.metric();
    int classes = task.classes();
    Measured[] all = new Measured[copies];
    Arrays.fill(all, new Measured(Double.NaN, 0, 0));
    try {
      List<Tuple2<Integer, double[]>> values =
          sums.reduceByKey(
                  (one, other) ->
                      CountedSums.none(MetricSums.of(metric, classes, copies))
                          .plus(one)
                          .plus(other)
                          .write(),
                  tasks)
              .mapValues(
                  bytes -> {
                    CountedSums counted =
                        CountedSums.none(MetricSums.of(metric, classes, copies)).plus(bytes);
                    return new double[] {counted.sums().value(), counted.rows(), counted.few()};
                  })
              .collect();
      for (Tuple2<Integer, double[]> one : values) {
        double[] value = one._2();
        all[one._1()] = new Measured(value[0], (long) value[1], (long) value[2]);
      }
      return all;
    } catch (Exception e) {
      for (Throwable cause = e; cause != null; cause = cause.getCause()) {
        if (cause instanceof BadRowException) {
          throw new IllegalArgumentException(cause.getMessage(), e);
        }
      }
      throw e;
    }
  }

  private List<String> names(StructType schema) {
    return network.encoding() instanceof TableEncoding table
        ? table.encoded().stream().map(TableEncoding.Feature::name).toList()
        : layout.names(schema, network.encoding().features());
  }

  private FeatureImportances importances(
      Measured[] measured, ValidationMetric metric, List<String> names) {
    double baseline = measured[0].value();
    double sign = metric.isLowerBetter() ? 1 : -1;
    int repeats = options.repeats();
    List<Importance> all = new ArrayList<>();
    for (int f = 0; f < names.size(); f++) {
      double[] worse = new double[repeats];
      for (int r = 0; r < repeats; r++) {
        worse[r] = sign * (measured[1 + f * repeats + r].value() - baseline);
      }
      double mean = Arrays.stream(worse).average().orElseThrow();
      double squares = Arrays.stream(worse).map(value -> (value - mean) * (value - mean)).sum();
      if (Double.isNaN(mean)) {
        throw new IllegalArgumentException(
            "The rows do not define %s, as if they lacked a class or a score was no number; give rows of all classes, or set metric to logLoss."
                .formatted(metric.label()));
      }
      all.add(new Importance(names.get(f), mean, Math.sqrt(squares / Math.max(1, repeats - 1))));
    }
    return new FeatureImportances(metric.label(), baseline, measured[0].rows(), repeats, all);
  }
}
