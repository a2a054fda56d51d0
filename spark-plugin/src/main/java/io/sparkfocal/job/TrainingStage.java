package io.sparkfocal.job;

import io.sparkfocal.blocks.RankShare;
import io.sparkfocal.persist.CheckpointFolder;
import io.sparkfocal.persist.SeekableBytes;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.spark.SparkContext;
import org.apache.spark.api.java.JavaFutureAction;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.rdd.RDD;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import scala.reflect.ClassTag$;

/** One attempt at training: runs the barrier stage, and finds out why it failed. */
final class TrainingStage {

  /** Names jobs and stages, in Spark's UI and where another fit waits for this one. */
  static final String JOB_NAME = "callSite.short";

  /** Makes Spark wake the ranks that wait for one that failed, or for a job that was cancelled. */
  private static final String INTERRUPT = "spark.job.interruptOnCancel";

  private static final String AFTER_TASK = "finished unsuccessfully.";
  private static final long PATIENCE_FOR_LOSS_MILLIS = 1000;

  private static final Logger LOG = LoggerFactory.getLogger(TrainingStage.class);

  private final SparkContext spark;
  private final JobSettings settings;
  private final TrainingPlan plan;
  private final RankLinks links;
  private final List<RankShare> shares;
  private final List<RankTasks> before;
  private final RankTasks ranks;
  private final CardEndpoint cards;
  private final ResultBlocks result;

  /**
   * An attempt.
   *
   * @param shares the rows of each rank
   * @param blockLength bytes of a block that the result comes in
   * @param attempts ranks of earlier attempts, some of which may not have ended yet; those of this
   *     one are added, as listeners that the caller removes
   */
  TrainingStage(
      SparkContext spark,
      JobSettings settings,
      TrainingPlan plan,
      RankLinks links,
      List<RankShare> shares,
      int blockLength,
      List<RankTasks> attempts) {
    this.spark = spark;
    this.result = ResultBlocks.of(spark, blockLength);
    this.before = List.copyOf(attempts);
    this.ranks = new RankTasks(Long.toHexString(plan.attemptKey()), plan.workers());
    attempts.add(ranks);
    this.cards = new CardEndpoint(spark.getConf(), links, plan.attemptKey(), plan.workers());
    this.settings = settings;
    this.plan = plan;
    this.links = links;
    this.shares = shares;
  }

  /**
   * Runs it.
   *
   * @param from checkpoint to go on from; null for the beginning
   * @param restarts attempts before this one
   * @throws IllegalArgumentException if a row cannot be trained on
   * @throws TrainingException if it fails otherwise
   */
  TrainingResult run(CheckpointFolder.@Nullable Found from, int restarts) {
    // Also where there is nothing to go on from: a job that Spark would begin after this attempt is
    // given up fails for want of it.
    Broadcast<String> earlier =
        new JavaSparkContext(spark).broadcast(from == null ? "" : from.file());
    String interrupt = spark.getLocalProperty(INTERRUPT);
    String name = spark.getLocalProperty(JOB_NAME);
    spark.addSparkListener(ranks);
    spark.setLocalProperty(INTERRUPT, "true");
    spark.setLocalProperty(RankTasks.ATTEMPT, ranks.attempt());
    spark.setLocalProperty(JOB_NAME, "training " + plan.run());
    try {
      return read(await(begin(earlier)), restarts);
    } finally {
      spark.setLocalProperty(INTERRUPT, interrupt);
      spark.setLocalProperty(RankTasks.ATTEMPT, null);
      spark.setLocalProperty(JOB_NAME, name);
      cards.close();
      free(earlier);
    }
  }

  private TrainingResult read(byte[] where, int restarts) {
    try (SeekableBytes bytes = result.get(where)) {
      return TrainingResult.read(bytes, plan.workers(), restarts);
    } catch (IllegalArgumentException | TrainingException e) {
      throw e;
    } catch (Exception e) {
      throw isInterrupt(e)
          ? interrupted(e)
          : new TrainingException("The trained network cannot be fetched: " + e, e);
    }
  }

  private JavaFutureAction<List<byte[]>> begin(Broadcast<String> earlier) {
    try {
      ranks.ranksBegin();
      return barrierStage(earlier).toJavaRDD().collectAsync();
    } catch (Exception e) {
      // SparkException and InterruptedException are checked, and Scala does not declare them.
      throw isInterrupt(e) ? interrupted(e) : explained(e);
    }
  }

  static boolean isInterrupt(@Nullable Throwable failure) {
    return failure != null
        && (failure instanceof InterruptedException || isInterrupt(failure.getCause()));
  }

  static TrainingException interrupted(Exception cause) {
    Thread.currentThread().interrupt();
    return new TrainingException("fit() was interrupted; its job is cancelled.", cause, true);
  }

  /** Asks other processes, which an interrupted thread cannot. */
  private void free(Broadcast<String> earlier) {
    boolean interrupted = Thread.interrupted();
    try {
      earlier.destroy();
      result.remove();
    } catch (Exception e) {
      LOG.warn("What the ranks began and ended with is not freed: {}", e.toString());
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** Says meanwhile what it waits for; slots may go away between their count and the stage. */
  private byte[] await(JavaFutureAction<List<byte[]>> action) {
    TrainingSlots slots =
        new TrainingSlots(spark, settings.slotsTimeout(), () -> RankTasks.running(before));
    SlotWait wait = new SlotWait(spark, settings, slots, ranks, plan.workers());
    while (true) {
      try {
        return action.get(1, TimeUnit.SECONDS).get(0);
      } catch (TimeoutException e) {
        TrainingException enough = wait.look();
        if (enough != null) {
          action.cancel(true);
          throw enough;
        }
      } catch (InterruptedException e) {
        action.cancel(true);
        throw interrupted(e);
      } catch (ExecutionException | CancellationException e) {
        throw explained(e.getCause() == null ? e : e.getCause());
      }
    }
  }

  private RuntimeException explained(Throwable failure) {
    String message = String.valueOf(failure.getMessage());
    RuntimeException known = StageFailure.cancelled(failure);
    if (known != null) {
      return known;
    }
    known = RankFailure.inReport(failure);
    if (known == null) {
      known = StageFailure.permanent(failure);
    }
    if (known != null) {
      return known;
    }
    String loss = ranks.firstLoss(Duration.ofMillis(PATIENCE_FOR_LOSS_MILLIS));
    return new TrainingException(
        loss != null ? loss : "The training stage failed: " + cause(message), failure);
  }

  /** The line after Spark's own sentences, which says what happened to the task. */
  private static String cause(String message) {
    int own = message.lastIndexOf(AFTER_TASK);
    String rest = own < 0 ? message : message.substring(own + AFTER_TASK.length()).strip();
    return rest.isEmpty() ? message : rest.lines().findFirst().orElse(message);
  }

  private RDD<byte[]> barrierStage(Broadcast<String> earlier) {
    BarrierTrainingTask task =
        new BarrierTrainingTask(plan, links, cards.exchange(), earlier, result);
    return JavaSparkContext.fromSparkContext(spark)
        .parallelize(shares.stream().map(RankShare::encode).toList(), shares.size())
        .rdd()
        .barrier()
        .mapPartitions(new RankFunction(task), false, ClassTag$.MODULE$.apply(byte[].class));
  }
}
