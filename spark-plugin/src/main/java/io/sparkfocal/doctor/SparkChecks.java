package io.sparkfocal.doctor;

import io.sparkfocal.ml.FocalLossClassifier;
import io.sparkfocal.ml.TrainingSummary;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.apache.spark.SparkEnv;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.jspecify.annotations.Nullable;

/** Whether the executors of an application train together. */
final class SparkChecks {

  private static final int ROWS = 10_000;

  private SparkChecks() {}

  static void run(Report report) {
    try (SparkSession spark = SparkSession.builder().appName("Spark Focal doctor").getOrCreate()) {
      report.check("Spark", () -> spark.version() + ", " + spark.sparkContext().master());
      if (report.check(
          "platforms", () -> requirePlatforms(platforms(spark), ownLibraries(spark)))) {
        report.check("ranks", () -> train(spark));
        report.check("executors", () -> executors(spark));
      }
    } catch (Exception e) {
      report.check(
          "Spark",
          () -> {
            throw e;
          });
    }
  }

  /**
   * Java version, system and processor of executors, by SQL, which needs no class of ours there.
   */
  static List<String> platforms(SparkSession spark) {
    int tasks = 4 * spark.sparkContext().defaultParallelism();
    String property = "java_method('java.lang.System', 'getProperty', '%s')";
    return spark
        .range(0, tasks, 1, tasks)
        .selectExpr(
            "concat_ws(',', %s, %s, %s) as platform"
                .formatted(
                    String.format(Locale.ROOT, property, "java.version"),
                    String.format(Locale.ROOT, property, "os.name"),
                    String.format(Locale.ROOT, property, "os.arch")))
        .distinct()
        .as(Encoders.STRING())
        .collectAsList();
  }

  private static @Nullable String ownLibraries(SparkSession spark) {
    String folder =
        spark.sparkContext().getConf().get("spark.executorEnv.PYTORCH_LIBRARY_PATH", "");
    return folder.isEmpty() ? null : folder;
  }

  /**
   * The platforms in words.
   *
   * @param libraries folder of a PyTorch of the user's own on executors; null for that of the jar
   */
  static String requirePlatforms(List<String> platforms, @Nullable String libraries) {
    for (String platform : platforms) {
      String[] parts = platform.split(",", -1);
      InstallationChecks.requireJava(parts[0], "spark.executorEnv.JAVA_HOME");
      InstallationChecks.requirePlatform(parts[1], parts[2], libraries);
    }
    return "of executors: Java " + String.join("; Java ", platforms);
  }

  private static String train(SparkSession spark) {
    Dataset<Row> rows =
        spark.range(ROWS).selectExpr("id % 7 as a", "id % 11 as b", "int(id % 7 > 4) as label");
    TrainingSummary summary =
        new FocalLossClassifier()
            .setFeaturesCols("a", "b")
            .setHiddenLayers(8)
            .setMaxIter(2)
            .fit(rows)
            .summary();
    return "%s ranks trained together, rank 0 on %s"
        .formatted(summary.numWorkers(), summary.device());
  }

  /** How many tasks of a small job each executor took. */
  private static String executors(SparkSession spark) {
    int tasks = 4 * spark.sparkContext().defaultParallelism();
    Map<String, Integer> counts = new TreeMap<>();
    spark
        .range(0, tasks, 1, tasks)
        .mapPartitions(new ExecutorName(), Encoders.STRING())
        .collectAsList()
        .forEach(name -> counts.merge(name, 1, Integer::sum));
    return counts.size() + " seen, tasks by executor " + counts;
  }

  private static final class ExecutorName implements MapPartitionsFunction<Long, String> {

    private static final long serialVersionUID = 1L;

    @Override
    public Iterator<String> call(Iterator<Long> ids) {
      SparkEnv env = SparkEnv.get();
      String host = env.blockManager().blockManagerId().host();
      return List.of(env.executorId() + "@" + host).iterator();
    }
  }
}
