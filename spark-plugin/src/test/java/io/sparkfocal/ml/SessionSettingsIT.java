package io.sparkfocal.ml;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.sparkfocal.job.TrainingException;
import io.sparkfocal.testing.Samples;
import io.sparkfocal.testing.SessionFileSystem;
import io.sparkfocal.testing.TestSpark;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What is set in a session, with {@code spark.conf.set}, holds for its fits, saves and loads. */
@Timeout(300)
class SessionSettingsIT {

  @TempDir Path folder;

  @AfterEach
  void leaveTheSession() {
    SparkSession.clearActiveSession();
    if (!SparkSession.getDefaultSession().isEmpty()) {
      SparkSession.setActiveSession(SparkSession.getDefaultSession().get());
    }
  }

  @AfterAll
  static void stopSpark() {
    TestSpark.stop();
  }

  private static FocalLossClassifier quick() {
    return new FocalLossClassifier().setHiddenLayers(8).setBatchSize(32).setMaxIter(3);
  }

  private static SparkSession sessionOf(SparkSession application) {
    SparkSession session = application.newSession();
    SparkSession.setActiveSession(session);
    return session;
  }

  private static List<Row> predictions(FocalLossClassificationModel model, Dataset<Row> rows) {
    return model.transform(rows).select("id", "prediction").orderBy("id").collectAsList();
  }

  @Test
  void aModelIsSavedAndLoadedWhereOnlyTheSessionKnowsTheFileSystem() throws Exception {
    SparkSession session = sessionOf(TestSpark.local());
    SessionFileSystem.install(session, SessionFileSystem.class);
    Dataset<Row> rows = Samples.rows(session, 120);
    FocalLossClassificationModel model = quick().fit(rows);
    String path = "myfs:" + folder.resolve("model");
    model.save(path);
    assertThat(predictions(FocalLossClassificationModel.load(path), rows))
        .isEqualTo(predictions(model, rows));
    model.write().overwrite().save(path);
    assertThat(FocalLossClassificationModel.load(path).uid()).isEqualTo(model.uid());
  }

  @Test
  void aModelThatCannotBeWrittenWholeIsNotLeftBehind() {
    SparkSession session = sessionOf(TestSpark.local());
    SessionFileSystem.install(session, SessionFileSystem.Full.class);
    FocalLossClassificationModel model = quick().fit(Samples.rows(session, 60));
    String path = "myfs:" + folder.resolve("model");
    assertThatIllegalStateException()
        .isThrownBy(() -> model.save(path))
        .withMessage(
            "The model cannot be written to " + path + "; check that the folder is writable.")
        .withStackTraceContaining("No space left on device");
    assertThat(folder.resolve("model")).doesNotExist();
  }

  @Test
  void checkpointsAreWrittenWhereOnlyTheSessionKnowsTheFileSystem() throws IOException {
    SparkSession session = sessionOf(TestSpark.local());
    SessionFileSystem.install(session, SessionFileSystem.class);
    int before = SessionFileSystem.CHECKPOINTS.get();
    Path checkpoints = folder.resolve("checkpoints");
    quick()
        .setCheckpointDir("myfs:" + checkpoints)
        .setCheckpointInterval(1)
        .fit(Samples.rows(session, 300));
    assertThat(SessionFileSystem.CHECKPOINTS.get()).isGreaterThan(before);
    try (var left = Files.list(checkpoints)) {
      assertThat(left).isEmpty();
    }
  }

  @Test
  void settingsOfASessionReachTheRanksOfItsFitsAndNoOthers() throws Exception {
    SparkSession application = TestSpark.twoExecutors();
    SparkSession session = sessionOf(application);
    session.conf().set("spark.focal.collective.precision", "bfloat16");
    byte[] plain = weights(quick().fit(Samples.rows(application, 200)), "plain");
    byte[] rounded = weights(quick().fit(Samples.rows(session, 200)), "rounded");
    byte[] again = weights(quick().fit(Samples.rows(application, 200)), "again");
    assertThat(rounded).isNotEqualTo(plain);
    assertThat(again).isEqualTo(plain);
  }

  private byte[] weights(FocalLossClassificationModel model, String name) throws IOException {
    Path path = folder.resolve(name);
    model.save(path.toString());
    return Files.readAllBytes(path.resolve("weights.safetensors"));
  }

  @Test
  void ranksListenOnPortsThatAreSetAndPassOverTakenOnes() throws Exception {
    Map<String, String> settings = new TreeMap<>(TestSpark.twoExecutorSettings());
    settings.put("spark.port.maxRetries", "2");
    SparkSession session = sessionOf(TestSpark.with(settings));
    Dataset<Row> rows = Samples.rows(session, 100);
    List<ServerSocket> three = threePorts();
    int first = three.get(0).getLocalPort();
    session.conf().set("spark.focal.port", Integer.toString(first));
    try {
      three.get(1).close();
      String sentence =
          "(?s).*spark.focal.port is %d, but no port from %<d to %d can be listened on \\(.*\\); every rank of a host needs one: free some, set another port, or raise spark.port.maxRetries \\(now 2\\)\\..*";
      assertThatExceptionOfType(TrainingException.class)
          .isThrownBy(() -> quick().setMaxRestarts(0).fit(rows))
          .withMessageMatching(sentence.formatted(first, first + 2));
      three.get(2).close();
      assertThat(quick().fit(rows).summary().numWorkers()).isEqualTo(2);
    } finally {
      for (ServerSocket socket : three) {
        socket.close();
      }
    }
  }

  /** Taken, one after the other. */
  private static List<ServerSocket> threePorts() throws IOException {
    Random random = new Random();
    while (true) {
      int first = 15_000 + random.nextInt(10_000);
      List<ServerSocket> taken = new ArrayList<>();
      try {
        for (int i = 0; i < 3; i++) {
          ServerSocket socket = new ServerSocket();
          taken.add(socket);
          socket.bind(new InetSocketAddress(first + i));
        }
        return taken;
      } catch (IOException e) {
        for (ServerSocket socket : taken) {
          socket.close();
        }
      }
    }
  }
}
