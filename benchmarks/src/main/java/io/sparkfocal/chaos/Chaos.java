package io.sparkfocal.chaos;

import io.sparkfocal.ml.FocalLossClassificationModel;
import io.sparkfocal.ml.ProxiedFit;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Disturbs trainings on two real executor processes, each at a random moment, and compares the
 * weights with those of an undisturbed one.
 *
 * <p>Ends with {@code chaos runs=N recovered=N identical=N failed_with_cause=N hung=N wrong=N}:
 * runs that began again and finished; that finished with the same bits; that gave up with a
 * sentence; that did not end in time; that finished with other bits, or left threads behind.
 */
public final class Chaos {

  private static final long DEADLINE_SECONDS = 150;
  private static final int MOST_DELAY_MILLIS = 2500;

  private final Random random;
  private final Cluster cluster;
  private final Patient patient;
  private int recovered;
  private int identical;
  private int failed;
  private int hung;
  private int wrong;

  private Chaos(Cluster cluster, long seed) {
    this.random = new Random(seed);
    this.cluster = cluster;
    this.patient =
        new Patient(
            cluster.spark(),
            (estimator, rows) -> ProxiedFit.fit(estimator, rows, cluster.proxy().address()));
  }

  /** Takes the number of runs and a seed. */
  public static void main(String[] arguments) throws Exception {
    int runs = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 10;
    long seed = arguments.length > 1 ? Long.parseLong(arguments[1]) : 1;
    Result result = run(runs, seed);
    System.out.println(result);
    System.exit(result.isGood() ? 0 : 1);
  }

  /**
   * What came of some runs.
   *
   * @param runs how many
   * @param recovered began again and finished
   * @param identical finished with the bits of an undisturbed run
   * @param failed gave up with a sentence
   * @param hung did not end in time
   * @param wrong finished with other bits, or left threads behind
   */
  record Result(int runs, int recovered, int identical, int failed, int hung, int wrong) {

    boolean isGood() {
      return hung == 0 && wrong == 0 && failed == 0 && identical == runs;
    }

    @Override
    public String toString() {
      return "chaos runs=%s recovered=%s identical=%s failed_with_cause=%s hung=%s wrong=%s"
          .formatted(runs, recovered, identical, failed, hung, wrong);
    }
  }

  static Result run(int runs, long seed) throws Exception {
    try (Cluster cluster = new Cluster()) {
      return new Chaos(cluster, seed).disturb(runs);
    }
  }

  private Result disturb(int runs) throws Exception {
    byte[] expected = Patient.weights(patient.train(cluster.checkpointDir()), cluster.model());
    if (!cluster.proxy().hasConnections()) {
      throw new IllegalStateException("The ranks met without the proxy, which nothing could cut.");
    }
    for (int run = 1; run <= runs; run++) {
      // Every other one is a kill after the first checkpoint.
      boolean plain = run % 2 == 1;
      Injury injury = plain ? Injury.KILL : Injury.values()[random.nextInt(Injury.values().length)];
      boolean afterCheckpoint = plain || random.nextBoolean();
      String outcome = disturb(injury, afterCheckpoint, expected);
      System.out.printf(
          Locale.ROOT,
          "%2d %-9s %s: %s%n",
          run,
          injury.name().toLowerCase(Locale.ROOT),
          afterCheckpoint ? "after a checkpoint" : "at any moment",
          outcome);
      if (!cluster.recover()) {
        System.out.println("   executors did not come back within a minute");
        hung++;
        break;
      }
      List<String> left = cluster.leftThreads();
      if (!left.isEmpty()) {
        System.out.println("   left behind: " + left);
        wrong++;
      }
    }
    return new Result(runs, recovered, identical, failed, hung, wrong);
  }

  private String disturb(Injury injury, boolean afterCheckpoint, byte[] expected)
      throws IOException, InterruptedException {
    CompletableFuture<FocalLossClassificationModel> training =
        CompletableFuture.supplyAsync(
            () -> patient.train(cluster.checkpointDir()), command -> thread("fit", command));
    int delay = random.nextInt(afterCheckpoint ? MOST_DELAY_MILLIS / 5 : MOST_DELAY_MILLIS);
    Random own = new Random(random.nextLong());
    final long start = System.nanoTime();
    Thread injuring =
        thread(
            "injury",
            () -> {
              try {
                while (afterCheckpoint && !cluster.hasCheckpoint() && !training.isDone()) {
                  Thread.sleep(10);
                }
                Thread.sleep(delay);
                injury.inflict(cluster, own);
              } catch (IOException | InterruptedException e) {
                System.out.println("   the disturbance itself failed: " + e);
              }
            });
    try {
      FocalLossClassificationModel model = training.get(DEADLINE_SECONDS, TimeUnit.SECONDS);
      int restarts = model.summary().restarts();
      recovered += restarts > 0 ? 1 : 0;
      boolean same = Arrays.equals(expected, Patient.weights(model, cluster.model()));
      if (same) {
        identical++;
      } else {
        wrong++;
      }
      return String.format(
          Locale.ROOT,
          "%d restarts, %s bits, %.1f s",
          restarts,
          same ? "the same" : "OTHER",
          seconds(start));
    } catch (TimeoutException e) {
      hung++;
      cluster.spark().sparkContext().cancelAllJobs();
      return "HUNG for " + DEADLINE_SECONDS + " s";
    } catch (ExecutionException e) {
      failed++;
      return String.format(Locale.ROOT, "failed after %.1f s: %s", seconds(start), e.getCause());
    } finally {
      injuring.join();
    }
  }

  private static double seconds(long start) {
    return (System.nanoTime() - start) / 1e9;
  }

  private static Thread thread(String name, Runnable task) {
    Thread thread = new Thread(task, name);
    thread.setDaemon(true);
    thread.start();
    return thread;
  }
}
