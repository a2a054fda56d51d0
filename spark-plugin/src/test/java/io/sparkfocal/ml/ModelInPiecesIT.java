package io.sparkfocal.ml;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import ai.djl.nn.Block;
import ai.djl.nn.LambdaBlock;
import io.sparkfocal.job.StandInJob;
import io.sparkfocal.job.TrainingJob;
import io.sparkfocal.network.Layers;
import io.sparkfocal.network.MlpNetwork;
import io.sparkfocal.network.NetworkProvider;
import io.sparkfocal.network.SequentialBlock;
import io.sparkfocal.testing.Samples;
import io.sparkfocal.testing.SessionFileSystem;
import io.sparkfocal.testing.TestSpark;
import io.sparkfocal.testing.TrainingAttempts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.spark.SparkEnv;
import org.apache.spark.TaskContext;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.storage.RDDBlockId;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Networks of several pieces on their way to files, to ranks and to the driver. */
@Timeout(300)
class ModelInPiecesIT {

  private static final int MIB = 1 << 20;

  /** Forward passes of all ranks until one throws; none below 0. */
  private static final AtomicInteger PASSES = new AtomicInteger(-1);

  @TempDir Path folder;

  @AfterEach
  void noMoreFailures() {
    PASSES.set(-1);
    Refusing.REFUSED.set(null);
    Refusing.ARMED.set(0);
  }

  @AfterAll
  static void stopSpark() {
    TestSpark.stop();
  }

  /** An MLP of 2.6 million parameters, which are ten pieces of 1 MiB, and fails when it is told. */
  public static final class Failing implements NetworkProvider {
    /** Made by name. */
    public Failing() {}

    @Override
    public Block create(int features, int outputs, Map<String, String> arguments, Layers layers) {
      SequentialBlock network = new SequentialBlock();
      network.add(
          new LambdaBlock(
              list -> {
                if (PASSES.get() >= 0 && PASSES.decrementAndGet() == 0) {
                  throw new IllegalStateException("Not this time.");
                }
                return list;
              }));
      return network.add(
          new MlpNetwork()
              .create(
                  features,
                  outputs,
                  MlpNetwork.arguments(new int[] {1700, 1500}, 0.1, true),
                  layers));
    }
  }

  /** The local disk, where ranks cannot read the first file that they ask for, if armed. */
  public static final class Refusing extends SessionFileSystem {

    private static final AtomicReference<org.apache.hadoop.fs.Path> REFUSED =
        new AtomicReference<>();
    private static final AtomicInteger ARMED = new AtomicInteger();
    private static final AtomicInteger READ = new AtomicInteger();

    /** Made by Hadoop. */
    public Refusing() {}

    @Override
    public FSDataInputStream open(org.apache.hadoop.fs.Path path, int bufferSize)
        throws IOException {
      if (TaskContext.get() != null) {
        if (ARMED.get() > 0) {
          REFUSED.compareAndSet(null, path);
        }
        if (path.equals(REFUSED.get())) {
          throw new IOException("Not on this host.");
        }
        READ.incrementAndGet();
      }
      return super.open(path, bufferSize);
    }
  }

  private static FocalLossClassifier classifier() {
    return new FocalLossClassifier()
        .setNetwork(Failing.class, Map.of())
        .setValidationIndicatorCol("held_out")
        .setBatchSize(24)
        .setMaxIter(3);
  }

  private static FocalLossClassificationModel fit(
      FocalLossClassifier classifier, Dataset<Row> rows, int blockLength) {
    try (TrainingJob job = StandInJob.inBlocks(rows.sparkSession(), blockLength)) {
      FocalLossClassificationModel model = classifier.fit(rows, job);
      job.deleteCheckpoints();
      return model;
    }
  }

  private byte[] weights(FocalLossClassificationModel model, String name) throws IOException {
    Path path = folder.resolve(name);
    model.save(path.toString());
    return Files.readAllBytes(path.resolve("weights.safetensors"));
  }

  private static void awaitNoBlocks(SparkSession spark) {
    int rdds = spark.sparkContext().newRddId();
    Awaitility.await()
        .atMost(Duration.ofSeconds(20))
        .until(
            () -> {
              for (int rdd = 0; rdd < rdds; rdd++) {
                if (!SparkEnv.get().blockManager().getStatus(new RDDBlockId(rdd, 0)).isEmpty()) {
                  return false;
                }
              }
              return true;
            });
  }

  /** Once more where the newest checkpoint is one that no rank can read. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void piecesChangeNothingFromACheckpointToAScore(boolean unreadable) throws Exception {
    SparkSession spark = TestSpark.with(Map.of("spark.master", "local[2]"));
    SessionFileSystem.install(spark, Refusing.class);
    Dataset<Row> rows = Samples.rows(spark, 96);
    FocalLossClassificationModel whole = classifier().fit(rows);
    byte[] expected = weights(whole, "whole");
    assertThat(expected.length).isGreaterThan(9 * MIB);

    Refusing.READ.set(0);
    Refusing.ARMED.set(unreadable ? 1 : 0);
    PASSES.set(17);
    FocalLossClassificationModel model =
        fit(
            classifier()
                .setCheckpointDir("myfs://" + folder.resolve("checkpoints"))
                .setCheckpointInterval(1),
            rows,
            MIB);
    assertThat(model.summary().restarts()).isEqualTo(unreadable ? 2 : 1);
    assertThat(model.summary().epochs()).hasSize(3);
    assertThat(weights(model, "restarted")).isEqualTo(expected);
    if (!unreadable) {
      assertThat(Refusing.READ).hasPositiveValue();
    }
    awaitNoBlocks(spark);

    FocalLossClassificationModel loaded =
        FocalLossClassificationModel.load(folder.resolve("restarted").toString());
    assertThat(scores(loaded, rows)).isEqualTo(scores(whole, rows)).isNotEmpty();
  }

  private static List<Row> scores(FocalLossClassificationModel model, Dataset<Row> rows) {
    return model.transform(rows).select("id", "rawPrediction").orderBy("id").collectAsList();
  }

  @Test
  void aRunThatFailedIsResumedFromItsFile() throws Exception {
    SparkSession spark = TestSpark.with(Map.of("spark.master", "local[2]"));
    Dataset<Row> rows = Samples.rows(spark, 96);
    byte[] expected = weights(classifier().fit(rows), "whole");
    FocalLossClassifier resumed =
        classifier()
            .setCheckpointDir(folder.resolve("checkpoints").toUri().toString())
            .setCheckpointInterval(1)
            .setMaxRestarts(0)
            .setResume(true);
    PASSES.set(17);
    assertThat(catchThrowable(() -> fit(resumed, rows, MIB)))
        .hasMessageContaining("Not this time.");
    awaitNoBlocks(spark);
    assertThat(weights(fit(resumed, rows, MIB), "resumed")).isEqualTo(expected);
    assertThat(folder.resolve("checkpoints")).isEmptyDirectory();
  }

  private static FocalLossClassifier large() {
    return new FocalLossClassifier().setMaxIter(1).setHiddenLayers(600, 600);
  }

  private static void trainsOnce(SparkSession spark) throws Exception {
    Dataset<Row> rows = Samples.rows(spark, 100);
    try (TrainingAttempts attempts = new TrainingAttempts(spark)) {
      FocalLossClassificationModel model = large().fit(rows);
      assertThat(
              model.network().weights().values().stream().mapToLong(t -> t.values().length).sum())
          .isEqualTo(365_403);
      assertThat(attempts.count()).isEqualTo(1);
    }
  }

  @Test
  void theLimitOfResultsIsNoneOfModels() throws Exception {
    trainsOnce(
        TestSpark.with(Map.of("spark.master", "local[2]", "spark.driver.maxResultSize", "1m")));
  }

  @Test
  void aModelThatKryosBufferDoesNotHoldComesHomeFromAnotherProcess() throws Exception {
    Map<String, String> settings = new TreeMap<>(TestSpark.twoExecutorSettings());
    settings.put("spark.driver.maxResultSize", "1m");
    settings.put("spark.serializer", "org.apache.spark.serializer.KryoSerializer");
    settings.put("spark.kryoserializer.buffer.max", "1m");
    settings.put("spark.kryo.registrationRequired", "true");
    trainsOnce(TestSpark.with(settings));
  }
}
