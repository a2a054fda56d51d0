package io.sparkfocal.ml;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.junit.jupiter.api.Assertions.assertTimeout;

import io.sparkfocal.job.StandInJob;
import io.sparkfocal.job.TrainingException;
import io.sparkfocal.job.TrainingJob;
import io.sparkfocal.plugin.EpochCompleted;
import io.sparkfocal.testing.CudaStandIn;
import io.sparkfocal.testing.LogLines;
import io.sparkfocal.testing.Samples;
import io.sparkfocal.testing.TestSpark;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerEvent;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.jupiter.api.io.TempDir;

/** Ranks in executor processes of their own, with the plugin on. */
@Timeout(300)
class TwoExecutorsIT {

  @TempDir Path folder;

  @AfterAll
  static void stopSpark() {
    TestSpark.stop();
  }

  private static FocalLossClassifier quick() {
    return new FocalLossClassifier()
        .setHiddenLayers(16)
        .setBatchSize(32)
        .setMaxIter(6)
        .setLearningRate(0.02)
        .setDropout(0.2)
        .setBatchNorm(true);
  }

  private byte[] weights(FocalLossClassificationModel model, String name) throws Exception {
    Path path = folder.resolve(name);
    model.save(path.toString());
    return Files.readAllBytes(path.resolve("weights.safetensors"));
  }

  @Test
  void theSameSeedGivesTheSameBits() throws Exception {
    SparkSession spark = TestSpark.twoExecutors();
    Dataset<Row> rows = Samples.rows(spark, 400);
    byte[] first = weights(quick().fit(rows.repartition(7)), "first");
    byte[] second = weights(quick().fit(rows.repartition(5)), "second");
    byte[] other = weights(quick().setSeed(43).fit(rows.repartition(7)), "other");
    assertThat(second).isEqualTo(first);
    assertThat(other).isNotEqualTo(first);
  }

  @Test
  void progressReachesTheDriversListenersWhileItTrains() {
    SparkSession spark = TestSpark.twoExecutors();
    List<EpochCompleted> epochs = new CopyOnWriteArrayList<>();
    SparkListener listener =
        new SparkListener() {
          @Override
          public void onOtherEvent(SparkListenerEvent event) {
            if (event instanceof EpochCompleted completed) {
              epochs.add(completed);
            }
          }
        };
    spark.sparkContext().addSparkListener(listener);
    FocalLossClassificationModel model = quick().fit(Samples.rows(spark, 200));
    Awaitility.await()
        .atMost(Duration.ofSeconds(20))
        .untilAsserted(() -> assertThat(epochs).hasSize(6));
    spark.sparkContext().removeSparkListener(listener);
    assertThat(epochs).extracting(EpochCompleted::report).isEqualTo(model.summary().epochs());
    assertThat(epochs.get(0).workers()).isEqualTo(2);
    assertThat(epochs.get(0).report().remainingSeconds()).isPositive();
  }

  @Test
  void everyExecutorOfAYoungApplicationIsWaitedFor() {
    Map<String, String> unknown = new TreeMap<>(TestSpark.twoExecutorSettings());
    unknown.remove("spark.executor.instances");
    SparkSession spark = TestSpark.with(unknown);
    FocalLossClassificationModel model = quick().setMaxIter(1).fit(Samples.rows(spark, 100));
    assertThat(model.summary().numWorkers()).isEqualTo(2);
    try (TrainingJob next = new TrainingJob(spark)) {
      // The first fit waited three seconds for others.
      assertThat(assertTimeout(Duration.ofSeconds(2), () -> next.workers(0))).isEqualTo(2);
    }
  }

  @Test
  void whereTheDriverTakesNoEndpointRanksMeetThroughTheBarrier() throws Exception {
    SparkSession spark = TestSpark.twoExecutors();
    Dataset<Row> rows = Samples.rows(spark, 200);
    byte[] expected = weights(quick().fit(rows), "endpoint");
    try (TrainingJob job = StandInJob.withoutEndpoint(spark);
        LogLines log = new LogLines("io.sparkfocal.job")) {
      byte[] met = weights(quick().fit(rows, job), "barrier");
      assertThat(met).isEqualTo(expected);
      assertThat(log.lines())
          .containsExactly(
              "The driver's RpcEnv takes no endpoint, so ranks meet through the barrier, a second later: java.lang.UnsupportedOperationException: no endpoint");
      // Said once.
      quick().setMaxIter(1).fit(rows, job);
      assertThat(log.lines()).hasSize(1);
    }
  }

  @Test
  void trainingWorksWithAuthenticationAndEncryption() {
    Map<String, String> secure = new TreeMap<>(TestSpark.twoExecutorSettings());
    secure.put("spark.authenticate", "true");
    secure.put("spark.authenticate.secret", "a secret of the test");
    secure.put("spark.network.crypto.enabled", "true");
    SparkSession spark = TestSpark.with(secure);
    FocalLossClassificationModel model = quick().fit(Samples.rows(spark, 200));
    assertThat(model.summary().numWorkers()).isEqualTo(2);
  }

  @Test
  void aRankThatFailsEndsTheFitWithItsSentence() {
    SparkSession spark = TestSpark.twoExecutors();
    FocalLossClassifier diverging =
        quick().setBatchNorm(false).setOptimizer("sgd").setLearningRate(1e30).setMaxIter(20);
    assertThatExceptionOfType(TrainingException.class)
        .isThrownBy(() -> diverging.fit(Samples.rows(spark, 200)))
        .withMessageMatching(
            "Rank \\d of 2, host \\S+, executor \\S+: The (training loss|sum of the weights) became (NaN|-?Infinity) in epoch .*lower learningRate \\(now 1.0E30\\).*");
  }

  @Test
  @EnabledIf("io.sparkfocal.testing.CudaStandIn#isAvailable")
  void ncclGivesTheWeightsOfSparksOwnTransport() throws Exception {
    FocalLossClassifier classifier = quick().setMaxIter(3);
    SparkSession ring = TestSpark.twoExecutors();
    byte[] expected = weights(classifier.fit(Samples.rows(ring, 200)), "ring");
    Map<String, String> overNccl = new TreeMap<>(TestSpark.twoExecutorSettings());
    overNccl.put("spark.focal.collective", "nccl");
    overNccl.put("spark.focal.nccl.library-path", CudaStandIn.folder().toString());
    SparkSession nccl = TestSpark.with(overNccl);
    try (TrainingJob job = StandInJob.over(nccl)) {
      FocalLossClassificationModel model = classifier.fit(Samples.rows(nccl, 200), job);
      assertThat(weights(model, "nccl")).isEqualTo(expected);
    }
  }

  @Test
  void ncclWithoutGpusIsRefused() {
    Map<String, String> overNccl = new TreeMap<>(TestSpark.twoExecutorSettings());
    overNccl.put("spark.focal.collective", "nccl");
    SparkSession spark = TestSpark.with(overNccl);
    Dataset<Row> rows = Samples.rows(spark, 100);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> quick().fit(rows))
        .withMessageEndingWith(
            "spark.focal.collective is nccl, but not every rank has a GPU; set it to auto or rpc.");
  }

  @Test
  void everyRankIsGivenAGpuOfItsOwnAndNeverFallsBackToTheCpu() throws Exception {
    // The first worker that asks finds GPU 0, the second GPU 1; neither is there.
    Path script = folder.resolve("discover.sh");
    Files.writeString(
        script,
        """
        #!/bin/sh
        address=0
        mkdir "$(dirname "$0")/dealt" 2>/dev/null || address=1
        echo "{\\"name\\": \\"gpu\\", \\"addresses\\": [\\"$address\\"]}"
        """);
    assertThat(script.toFile().setExecutable(true)).isTrue();
    Map<String, String> withGpus = new TreeMap<>(TestSpark.twoExecutorSettings());
    withGpus.put("spark.worker.resource.gpu.amount", "1");
    withGpus.put("spark.worker.resource.gpu.discoveryScript", script.toString());
    withGpus.put("spark.executor.resource.gpu.amount", "1");
    withGpus.put("spark.task.resource.gpu.amount", "1");
    SparkSession spark = TestSpark.with(withGpus);
    List<String> addresses =
        new JavaSparkContext(spark.sparkContext())
            .parallelize(List.of(0, 1), 2)
            .mapPartitions(
                part -> {
                  Thread.sleep(1000); // so that the other executor takes the other task
                  return List.of(TaskContext.get().resourcesJMap().get("gpu").addresses()[0])
                      .iterator();
                })
            .collect();
    assertThat(addresses).containsExactlyInAnyOrder("0", "1");
    for (String device : List.of("gpu", "auto")) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> quick().setDevice(device).fit(Samples.rows(spark, 50)))
          .withMessageMatching(
              "Rank \\d of 2, host \\S+, executor \\S+: Spark gave this task GPU [01], but its executor sees 0; check the discovery script, .*");
    }
    FocalLossClassificationModel model = quick().setDevice("cpu").fit(Samples.rows(spark, 50));
    assertThat(model.summary().device()).isEqualTo("cpu()");
  }

  @Test
  void dynamicAllocationIsRefused() {
    Map<String, String> dynamic = new TreeMap<>(TestSpark.twoExecutorSettings());
    dynamic.put("spark.dynamicAllocation.enabled", "true");
    dynamic.put("spark.dynamicAllocation.shuffleTracking.enabled", "true");
    SparkSession spark = TestSpark.with(dynamic);
    Dataset<Row> rows = Samples.rows(spark, 20);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> quick().fit(rows))
        .withMessage(
            "spark.dynamicAllocation.enabled is true, but all ranks must run at the same time; set it to false and fix spark.executor.instances.");
  }

  @Test
  void moreWorkersThanSlotsAreRefusedAfterTheTimeout() {
    Map<String, String> impatient = new TreeMap<>(TestSpark.twoExecutorSettings());
    impatient.put("spark.focal.slots.timeout", "10s");
    SparkSession spark = TestSpark.with(impatient);
    TestSpark.awaitExecutors(2);
    Dataset<Row> rows = Samples.rows(spark, 20);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> quick().setNumWorkers(3).fit(rows))
        .withMessage(
            "numWorkers is 3, but the cluster has 2 task slots after 10 s of waiting; lower numWorkers, add executors or cores, or raise spark.focal.slots.timeout.");
  }
}
