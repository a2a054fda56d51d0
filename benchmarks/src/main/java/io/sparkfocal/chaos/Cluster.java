package io.sparkfocal.chaos;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;

/** Two executor processes, a proxy between their ranks, and a disk that can be full. */
final class Cluster implements AutoCloseable {

  private final Path folder;
  private final RankProxy proxy;
  private final SparkSession spark;

  /** Needs the variable SPARK_HOME, a folder that executors may write their logs to. */
  Cluster() throws IOException {
    // Where a local cluster looks for Spark's jars, which are on the class path instead.
    Files.createDirectories(Path.of(System.getenv("SPARK_HOME"), "jars"));
    folder = Files.createTempDirectory("focal-chaos");
    proxy = new RankProxy();
    spark =
        SparkSession.builder()
            .appName("chaos")
            .master("local-cluster[2,1,1024]")
            .config("spark.executor.instances", "2")
            .config("spark.executor.extraClassPath", System.getProperty("java.class.path"))
            .config("spark.executorEnv.SPARK_SCALA_VERSION", scalaBinaryVersion())
            .config("spark.executorEnv.OPT_OUT_TRACKING", "true")
            .config("spark.executorEnv.DJL_OFFLINE", "true")
            .config("spark.plugins", "io.sparkfocal.plugin.SparkFocalPlugin")
            .config("spark.ui.enabled", "false")
            .config("spark.driver.host", "127.0.0.1")
            .config("spark.driver.bindAddress", "127.0.0.1")
            .config("spark.sql.shuffle.partitions", "4")
            .config("spark.deploy.maxExecutorRetries", "-1")
            .config("spark.network.timeout", "10s")
            .config("spark.executor.heartbeatInterval", "1s")
            .config("spark.network.timeoutInterval", "2s")
            .config("spark.scheduler.barrier.maxConcurrentTasksCheck.interval", "1s")
            .config("spark.focal.collective.timeout", "4s")
            .config("spark.hadoop.fs.fulldisk.impl", FullDiskFileSystem.class.getName())
            .config("spark.hadoop." + FullDiskFileSystem.MARKER, fullDiskMarker().toString())
            .getOrCreate();
  }

  private static String scalaBinaryVersion() {
    String version = scala.util.Properties.versionNumberString();
    return version.substring(0, version.lastIndexOf('.'));
  }

  SparkSession spark() {
    return spark;
  }

  RankProxy proxy() {
    return proxy;
  }

  List<ProcessHandle> executors() {
    return ExecutorProcesses.running();
  }

  /** The disk is full while this file is there. */
  Path fullDiskMarker() {
    return folder.resolve("full");
  }

  /** Where models are saved. */
  Path model() {
    return folder.resolve("model");
  }

  /** Where the checkpoints lie, as a path of this machine. */
  Path checkpoints() {
    return folder.resolve("checkpoints");
  }

  /** The same as a path of the disk that can be full. */
  String checkpointDir() {
    return FullDiskFileSystem.SCHEME + "://" + checkpoints();
  }

  /** Whether a checkpoint has been written. */
  boolean hasCheckpoint() {
    try (Stream<Path> files = Files.walk(checkpoints())) {
      return files.anyMatch(f -> f.getFileName().toString().startsWith("checkpoint-"));
    } catch (IOException | java.io.UncheckedIOException e) {
      return false;
    }
  }

  /**
   * Takes back every disturbance and waits until two executors are there; false if they are not.
   */
  boolean recover() throws IOException, InterruptedException {
    proxy.recover();
    Files.deleteIfExists(fullDiskMarker());
    executors().forEach(p -> ExecutorProcesses.signal("CONT", p));
    for (int i = 0; i < 600; i++) {
      if (spark
              .sparkContext()
              .maxNumConcurrentTasks(
                  spark.sparkContext().resourceProfileManager().defaultResourceProfile())
          >= 2) {
        return true;
      }
      Thread.sleep(100);
    }
    return false;
  }

  /** Threads of ours that executors have when nothing trains any more; waited for to go. */
  List<String> leftThreads() throws InterruptedException {
    List<String> names = List.of();
    for (int i = 0; i < 20; i++) {
      names =
          new JavaSparkContext(spark.sparkContext())
              .parallelize(List.of(0, 1, 2, 3), 4)
              .flatMap(number -> ownThreads().iterator())
              .collect();
      if (names.isEmpty()) {
        return names;
      }
      Thread.sleep(500);
    }
    return names;
  }

  private static List<String> ownThreads() {
    return Thread.getAllStackTraces().keySet().stream()
        .map(Thread::getName)
        .filter(name -> name.startsWith("focal-"))
        .toList();
  }

  @Override
  public void close() throws IOException {
    executors().forEach(p -> ExecutorProcesses.signal("CONT", p));
    spark.stop();
    proxy.close();
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }
}
