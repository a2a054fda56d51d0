package io.sparkfocal.job;

import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Properties;
import java.util.Set;
import org.apache.spark.ExceptionFailure;
import org.apache.spark.TaskFailedReason;
import org.apache.spark.TaskKilled;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerStageCompleted;
import org.apache.spark.scheduler.SparkListenerStageSubmitted;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.apache.spark.scheduler.SparkListenerTaskStart;
import org.apache.spark.scheduler.TaskInfo;
import org.jspecify.annotations.Nullable;

/** Hears, on the driver, where the ranks of one attempt run, and which of them was lost first. */
final class RankTasks extends SparkListener {

  /** Local property that tells the stage of one attempt from all others. */
  static final String ATTEMPT = "spark.focal.attempt";

  private final String attempt;
  private final int world;
  private final Set<Integer> stages = new HashSet<>();
  private int stage = -1;
  private boolean pending;
  private boolean started;
  private final Set<Long> running = new HashSet<>();
  private @Nullable String firstLoss;

  RankTasks(String attempt, int world) {
    this.attempt = attempt;
    this.world = world;
  }

  /** Value of {@link #ATTEMPT}. */
  String attempt() {
    return attempt;
  }

  @Override
  public synchronized void onStageSubmitted(SparkListenerStageSubmitted submitted) {
    Properties properties = submitted.properties();
    if (properties != null && attempt.equals(properties.getProperty(ATTEMPT))) {
      // Stages that shuffle the input come first; Spark repeats their tasks itself.
      stage = submitted.stageInfo().stageId();
      stages.add(stage);
      pending = true;
      started = false;
      firstLoss = null;
    }
  }

  @Override
  public synchronized void onStageCompleted(SparkListenerStageCompleted completed) {
    pending &= completed.stageInfo().stageId() != stage;
  }

  @Override
  public synchronized void onTaskStart(SparkListenerTaskStart start) {
    started |= start.stageId() == stage;
    if (stages.contains(start.stageId())) {
      running.add(start.taskInfo().taskId());
    }
  }

  @Override
  public synchronized void onTaskEnd(SparkListenerTaskEnd end) {
    running.remove(end.taskInfo().taskId());
    if (firstLoss == null
        && end.stageId() == stage
        && end.reason() instanceof TaskFailedReason failure
        && !(failure instanceof ExceptionFailure)
        && !(failure instanceof TaskKilled)) {
      TaskInfo task = end.taskInfo();
      RankName rank = new RankName(task.index(), world, task.host(), task.executorId(), "");
      firstLoss = rank + ": " + failure.toErrorString().lines().findFirst().orElse("");
      notifyAll();
    }
  }

  /** How many tasks of these attempts have not ended. */
  static int running(List<RankTasks> attempts) {
    int count = 0;
    for (RankTasks attempt : attempts) {
      synchronized (attempt) {
        count += attempt.running.size();
      }
    }
    return count;
  }

  /** Whether a rank has begun, or a task of a stage before it runs. */
  synchronized boolean isRunning() {
    return (pending && started) || !running.isEmpty();
  }

  /** Whether Spark has a stage of these, but has begun none of its tasks. */
  synchronized boolean isWaiting() {
    return pending && !isRunning();
  }

  /** The stage that was submitted last; -1 for none. */
  synchronized int stage() {
    return stage;
  }

  /**
   * The rank whose task Spark gave up first and why, waited for a short time; null if every rank
   * that failed said so itself.
   */
  synchronized @Nullable String firstLoss(Duration patience) {
    long deadline = System.nanoTime() + patience.toNanos();
    try {
      while (firstLoss == null && System.nanoTime() < deadline) {
        wait(50);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return firstLoss;
  }
}
