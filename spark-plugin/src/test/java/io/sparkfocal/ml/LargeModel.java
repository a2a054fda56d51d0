package io.sparkfocal.ml;

import io.sparkfocal.persist.Safetensors;
import io.sparkfocal.testing.Samples;
import io.sparkfocal.testing.TestSpark;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.stream.Stream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.awaitility.Awaitility;

/**
 * An application whose network has 540 million parameters, most of them in one tensor of more than
 * 2 GiB: it trains until there is a checkpoint, goes on from it for a step, saves, loads and
 * scores.
 */
public final class LargeModel {

  private static final int WIDTH = 23_240;
  private static final long START = System.nanoTime();

  private LargeModel() {}

  /** Arguments are a folder, and the last thing to do if it is not to score. */
  public static void main(String[] arguments) throws Exception {
    Path folder = Path.of(arguments[0]);
    SparkSession spark = TestSpark.with(Map.of("spark.master", "local[1]"));
    Dataset<Row> rows = Samples.rows(spark, 16).cache();
    int epoch = untilThereIsACheckpoint(rows, folder.resolve("checkpoints"));
    say("checkpoint of epoch " + epoch);
    FocalLossClassificationModel loaded = loaded(rows, epoch, folder);
    if (arguments.length == 1) {
      say("scored " + loaded.transform(rows).select("probability").collectAsList().size());
    }
    spark.stop();
  }

  /** The model that came home is not kept beside the one that is scored with. */
  private static FocalLossClassificationModel loaded(Dataset<Row> rows, int epoch, Path folder)
      throws IOException {
    FocalLossClassificationModel model =
        classifier(folder.resolve("checkpoints"))
            .setResume(true)
            .setCheckpointInterval(1000)
            .setMaxIter(epoch + 1)
            .fit(rows);
    say("resumed, " + model.summary().epochs().size() + " epochs");
    model.save(folder.resolve("model").toString());
    say("saved");
    FocalLossClassificationModel loaded =
        FocalLossClassificationModel.load(folder.resolve("model").toString());
    say("loaded " + sameParameters(model, loaded) + " parameters");
    return loaded;
  }

  private static FocalLossClassifier classifier(Path checkpoints) {
    return new FocalLossClassifier()
        .setHiddenLayers(WIDTH, WIDTH)
        .setBatchSize(16)
        .setCheckpointDir(checkpoints.toUri().toString());
  }

  private static int untilThereIsACheckpoint(Dataset<Row> rows, Path checkpoints)
      throws IOException, InterruptedException, ExecutionException {
    CompletableFuture<Throwable> ended = new CompletableFuture<>();
    Thread fit =
        new Thread(
            () -> {
              try {
                classifier(checkpoints).setCheckpointInterval(1).setMaxIter(1000).fit(rows);
                ended.complete(new AssertionError("It came to its end."));
              } catch (RuntimeException | Error e) {
                ended.complete(e);
              }
            });
    fit.start();
    Awaitility.await()
        .atMost(Duration.ofMinutes(8))
        .until(() -> ended.isDone() || newestEpoch(checkpoints).isPresent());
    fit.interrupt();
    String message = String.valueOf(ended.get().getMessage());
    if (!message.equals("fit() was interrupted; its job is cancelled.")) {
      throw new IllegalStateException(message, ended.get());
    }
    return newestEpoch(checkpoints).orElseThrow();
  }

  private static OptionalInt newestEpoch(Path checkpoints) throws IOException {
    if (!Files.exists(checkpoints)) {
      return OptionalInt.empty();
    }
    try (Stream<Path> files = Files.walk(checkpoints)) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(name -> name.startsWith("checkpoint-"))
          .mapToInt(name -> Integer.parseInt(name.substring(11, 17)))
          .max();
    }
  }

  private static long sameParameters(
      FocalLossClassificationModel saved, FocalLossClassificationModel loaded) {
    long count = 0;
    for (Map.Entry<String, Safetensors.Tensor> named : saved.network().weights().entrySet()) {
      float[] values = named.getValue().values();
      float[] other = loaded.network().weights().get(named.getKey()).values();
      if (!Arrays.equals(values, other)) {
        throw new IllegalStateException(named.getKey() + " has other values.");
      }
      count += values.length;
    }
    return count;
  }

  private static void say(String what) throws IOException {
    List<String> status = Files.readAllLines(Path.of("/proc/self/status"));
    String peak = status.stream().filter(line -> line.startsWith("VmHWM")).findFirst().orElse("");
    System.out.println(
        what
            + " after "
            + (System.nanoTime() - START) / 1_000_000_000
            + " s, "
            + peak.replaceAll("\\s+", " "));
  }
}
