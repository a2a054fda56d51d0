package io.sparkfocal.ml;

import static org.apache.spark.sql.functions.udf;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import ai.djl.nn.Block;
import io.sparkfocal.job.TrainingException;
import io.sparkfocal.network.Layers;
import io.sparkfocal.network.MlpNetwork;
import io.sparkfocal.network.NetworkProvider;
import io.sparkfocal.testing.EndlessFit;
import io.sparkfocal.testing.LogLines;
import io.sparkfocal.testing.OtherJvm;
import io.sparkfocal.testing.Samples;
import io.sparkfocal.testing.TestSpark;
import io.sparkfocal.testing.WrittenCheckpoints;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.apache.spark.SparkEnv;
import org.apache.spark.TaskContext;
import org.apache.spark.ml.param.ParamMap;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What is left of a training when an executor, a driver or the user's patience is lost. */
@Timeout(300)
class RecoveryIT {

  @TempDir Path folder;

  @AfterAll
  static void stopSpark() {
    TestSpark.stop();
  }

  private FocalLossClassifier classifier() {
    return ofAnyNetwork().setHiddenLayers(16).setDropout(0.2).setBatchNorm(true);
  }

  private FocalLossClassifier ofAnyNetwork() {
    return new FocalLossClassifier()
        .setBatchSize(32)
        .setMaxIter(6)
        .setCheckpointDir(checkpoints().toUri().toString())
        .setCheckpointInterval(1);
  }

  private Path checkpoints() {
    return folder.resolve("checkpoints");
  }

  private static byte[] weights(FocalLossClassificationModel model, Path path) throws IOException {
    model.save(path.toString());
    return Files.readAllBytes(path.resolve("weights.safetensors"));
  }

  private List<Path> written() throws IOException {
    if (!Files.exists(checkpoints())) {
      return List.of();
    }
    try (Stream<Path> files = Files.walk(checkpoints())) {
      return files.filter(Files::isRegularFile).toList();
    }
  }

  /** An MLP whose executor dies in the middle of training, if a file names it. */
  public static final class MortalNetwork implements NetworkProvider {
    /** Made by name. */
    public MortalNetwork() {}

    @Override
    public Block create(int features, int outputs, Map<String, String> arguments, Layers layers) {
      Path folder = Path.of(arguments.get("folder"));
      if (SparkEnv.get() != null && SparkEnv.get().executorId().equals(victim(folder))) {
        Thread killer =
            new Thread(
                () -> {
                  WrittenCheckpoints.await(folder.resolve("checkpoints"));
                  Runtime.getRuntime().halt(9);
                });
        killer.setDaemon(true);
        killer.start();
      }
      return new MlpNetwork()
          .create(features, outputs, MlpNetwork.arguments(new int[] {16}, 0.2, true), layers);
    }

    private static String victim(Path folder) {
      try {
        return Files.readString(folder.resolve("victim"));
      } catch (IOException e) {
        return "nobody";
      }
    }
  }

  private void victim(String executor) throws IOException {
    Files.writeString(folder.resolve("victim"), executor);
  }

  private FocalLossClassifier mortal() {
    return ofAnyNetwork()
        .setMaxIter(60)
        .setNetwork(MortalNetwork.class, Map.of("folder", folder.toString()));
  }

  @Test
  void aLostExecutorCostsNothingButTimeAndTheBitsStayTheSame() throws Exception {
    SparkSession spark = TestSpark.twoExecutors();
    Dataset<Row> rows = Samples.rows(spark, 400).repartition(5);
    byte[] expected = weights(mortal().fit(rows), folder.resolve("whole"));
    victim("1");
    FocalLossClassificationModel recovered = mortal().fit(rows);
    assertThat(recovered.summary().restarts()).isEqualTo(1);
    assertThat(recovered.summary().epochs()).hasSize(60);
    assertThat(weights(recovered, folder.resolve("recovered"))).isEqualTo(expected);
    assertThat(written()).isEmpty();
    TestSpark.stop();
  }

  @Test
  void whereOtherRowsComeAgainAllIsReadAnewAndTrainingBeginsAnew() throws Exception {
    SparkSession spark = TestSpark.twoExecutors();
    Dataset<Row> local = Samples.rows(spark, 400);
    // The optimizer would compute a function over a local relation once and for all.
    Dataset<Row> rows =
        spark
            .createDataFrame(local.toJavaRDD(), local.schema())
            .withColumn(
                "weight",
                udf(() -> 1 + Math.random(), DataTypes.DoubleType).asNondeterministic().apply());
    victim("1");
    FocalLossClassificationModel model;
    try (LogLines log = new LogLines(FocalLossClassifier.class.getName())) {
      model = mortal().setWeightCol("weight").fit(rows);
      assertThat(log.lines())
          .anyMatch(
              line ->
                  line.startsWith(
                      "Rows were lost with an executor, and other rows came when they were read again"));
    }
    assertThat(model.summary().restarts()).isZero();
    assertThat(model.summary().epochs()).hasSize(60);
    assertThat(written()).isEmpty();
    TestSpark.stop();
  }

  @Test
  void withoutRestartsTheLossIsNamedAndALaterFitGoesOn() throws Exception {
    SparkSession spark = TestSpark.twoExecutors();
    Dataset<Row> rows = Samples.rows(spark, 400).repartition(5);
    byte[] expected = weights(mortal().fit(rows), folder.resolve("whole"));
    victim("1");
    assertThatExceptionOfType(TrainingException.class)
        .isThrownBy(() -> mortal().setMaxRestarts(0).fit(rows))
        .withMessageMatching(
            "Rank \\d of 2, host \\S+, executor 1: ExecutorLostFailure .*exited.*");
    assertThat(written()).isNotEmpty();
    TestSpark.stop();
    victim("nobody");

    // Another application, which differs in what may differ.
    Dataset<Row> again = Samples.rows(TestSpark.twoExecutors(), 400).repartition(5);
    String text =
        "Checkpoint \\S+ has another %s: .*; set another checkpointDir, or resume to false\\.";
    refused(() -> classifier().setResume(true).setHiddenLayers(8).fit(again), text, "network");
    FocalLossClassifier resuming = mortal().setResume(true);
    refused(() -> resuming.copy(ParamMap.empty()).setLoss("focal").fit(again), text, "loss");
    refused(() -> resuming.copy(ParamMap.empty()).setWeightCol("weight").fit(again), text, "data");
    refused(() -> resuming.copy(ParamMap.empty()).setSeed(5).fit(again), text, "seed");
    assertThat(weights(resuming.fit(again), folder.resolve("resumed"))).isEqualTo(expected);
    assertThat(written()).isEmpty();
  }

  private static void refused(ThrowingCallable fit, String text, String difference) {
    assertThatIllegalArgumentException()
        .isThrownBy(fit)
        .withMessageMatching(text.formatted(difference));
  }

  @Test
  void aRelativeFolderIsTheSameForDriverAndExecutors() throws Exception {
    SparkSession spark = TestSpark.twoExecutors();
    Dataset<Row> rows = Samples.rows(spark, 400).repartition(5);
    // Executor processes have working directories of their own.
    Path relative = Path.of("target", "relative-" + UUID.randomUUID());
    folder = relative.toAbsolutePath();
    Files.createDirectories(folder);
    victim("1");
    FocalLossClassificationModel recovered =
        mortal().setCheckpointDir(relative.resolve("checkpoints").toString()).fit(rows);
    assertThat(recovered.summary().restarts()).isEqualTo(1);
    assertThat(recovered.summary().epochs()).hasSize(60);
    assertThat(written()).isEmpty();
    TestSpark.stop();
  }

  @Test
  void aRunOfAnotherApplicationIsGoneOnWithAfterItsDriverWasKilledAndNotBefore() throws Exception {
    String place = checkpoints().toUri().toString();
    Path output = folder.resolve("output.txt");
    String classPath = System.getProperty("java.class.path");
    Process other = OtherJvm.start(output, classPath, Map.of(), EndlessFit.class, place);
    try {
      WrittenCheckpoints.await(checkpoints());
      Dataset<Row> rows = Samples.rows(TestSpark.with(Map.of("spark.master", "local[2]")), 100);
      FocalLossClassifier resuming = EndlessFit.classifier(place).setResume(true);
      assertThat(resuming.setMaxIter(2).fit(rows).summary().epochs()).hasSize(2);
      assertThat(other.isAlive()).as(Files.readString(output)).isTrue();
      other.destroyForcibly().waitFor();
      assertThat(written()).isNotEmpty();
      int next = newestEpoch() + 1;
      assertThat(resuming.setMaxIter(next).fit(rows).summary().epochs()).hasSize(next);
      assertThat(written()).isEmpty();
    } finally {
      other.destroyForcibly();
      TestSpark.stop();
    }
  }

  private int newestEpoch() throws IOException {
    return written().stream()
        .map(file -> file.getFileName().toString())
        .filter(name -> name.startsWith("checkpoint-"))
        .mapToInt(name -> Integer.parseInt(name.substring(11, 17)))
        .max()
        .orElseThrow();
  }

  @Test
  void whenSlotsDoNotComeBackFewerRanksGoOn() {
    Map<String, String> settings = new TreeMap<>(TestSpark.twoExecutorSettings());
    settings.put("spark.focal.slots.timeout", "5s");
    SparkSession spark = TestSpark.with(settings);
    TestSpark.awaitExecutors(2);
    Dataset<Row> rows = Samples.rows(spark, 20_000).repartition(5);
    CompletableFuture<FocalLossClassificationModel> training =
        CompletableFuture.supplyAsync(() -> classifier().setMaxIter(40).fit(rows));
    WrittenCheckpoints.await(checkpoints(), training);
    // Spark does not replace an executor that was not wanted any more.
    assertThat(spark.sparkContext().killExecutor("1")).isTrue();
    TrainingSummary summary = training.orTimeout(120, TimeUnit.SECONDS).join().summary();
    assertThat(summary.epochs()).hasSize(40);
    assertThat(summary.restarts()).isEqualTo(1);
    assertThat(summary.numWorkers()).isEqualTo(1);
    TestSpark.stop();
  }

  /** An MLP that one rank cannot build the first time. */
  public static final class FailingOnce implements NetworkProvider {
    private static final AtomicBoolean FAILED = new AtomicBoolean();

    /** Made by name. */
    public FailingOnce() {}

    @Override
    public Block create(int features, int outputs, Map<String, String> arguments, Layers layers) {
      if (TaskContext.get() != null && FAILED.compareAndSet(false, true)) {
        throw new IllegalStateException("Not the first time.");
      }
      return new MlpNetwork()
          .create(features, outputs, MlpNetwork.arguments(new int[] {8}, 0, false), layers);
    }
  }

  @Test
  void inOneJvmAsManyRanksBeginAgain() {
    SparkSession spark = TestSpark.local();
    TrainingSummary summary =
        ofAnyNetwork()
            .setNetwork(FailingOnce.class, Map.of())
            .fit(Samples.rows(spark, 300))
            .summary();
    assertThat(summary.restarts()).isEqualTo(1);
    assertThat(summary.numWorkers()).isEqualTo(3);
  }

  /** Trains for as long as it is let. */
  private FocalLossClassifier endless() {
    return classifier().setMaxIter(100_000);
  }

  @Test
  void aCancelledJobEndsWithinFiveSecondsAndIsNotBegunAgain() {
    SparkSession spark = TestSpark.twoExecutors();
    Dataset<Row> rows = Samples.rows(spark, 2_000);
    rows.count();
    CompletableFuture<Throwable> ended =
        CompletableFuture.supplyAsync(
            () -> {
              spark.sparkContext().setJobGroup("training", "to be cancelled", true);
              return thrown(() -> endless().fit(rows));
            });
    WrittenCheckpoints.await(checkpoints());
    long start = System.nanoTime();
    spark.sparkContext().cancelJobGroup("training");
    assertThat(ended.orTimeout(30, TimeUnit.SECONDS).join())
        .isInstanceOf(TrainingException.class)
        .hasMessageStartingWith("The training job was cancelled: ");
    awaitRanks(spark, 0);
    assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(5));
  }

  @Test
  void anInterruptedFitCancelsItsJob() throws Exception {
    SparkSession spark = TestSpark.twoExecutors();
    Dataset<Row> rows = Samples.rows(spark, 2_000);
    CompletableFuture<Throwable> ended = new CompletableFuture<>();
    Thread fit = new Thread(() -> ended.complete(thrown(() -> endless().fit(rows))));
    fit.start();
    WrittenCheckpoints.await(checkpoints());
    fit.interrupt();
    assertThat(ended.get(30, TimeUnit.SECONDS))
        .hasMessage("fit() was interrupted; its job is cancelled.");
    awaitRanks(spark, 0);
  }

  private static void awaitRanks(SparkSession spark, int count) {
    Awaitility.await()
        .atMost(Duration.ofSeconds(30))
        .until(
            () ->
                Arrays.stream(spark.sparkContext().statusTracker().getExecutorInfos())
                        .mapToInt(e -> e.numRunningTasks())
                        .sum()
                    == count);
  }

  private static Throwable thrown(Supplier<?> call) {
    try {
      return new AssertionError("It ended well: " + call.get());
    } catch (RuntimeException e) {
      return e;
    }
  }

  @Test
  void twoFitsAtOnceWaitForEachOther() throws Exception {
    SparkSession spark = TestSpark.twoExecutors();
    Dataset<Row> rows = Samples.rows(spark, 300);
    byte[] alone = weights(classifier().fit(rows), folder.resolve("alone"));
    List<CompletableFuture<FocalLossClassificationModel>> both =
        Stream.of(1, 2)
            .map(i -> CompletableFuture.supplyAsync(() -> classifier().fit(rows)))
            .toList();
    for (int i = 0; i < 2; i++) {
      FocalLossClassificationModel model = both.get(i).get(120, TimeUnit.SECONDS);
      assertThat(weights(model, folder.resolve("both" + i))).isEqualTo(alone);
    }
    assertThat(written()).isEmpty();
  }

  @Test
  void checkpointsThatCannotBeWrittenDoNotEndTheTraining() throws Exception {
    SparkSession spark = TestSpark.twoExecutors();
    Files.writeString(folder.resolve("file"), "no folder");
    FocalLossClassificationModel model =
        classifier()
            .setCheckpointDir(folder.resolve("file").toUri() + "/below")
            .fit(Samples.rows(spark, 100));
    assertThat(model.summary().epochs()).hasSize(6);
  }
}
