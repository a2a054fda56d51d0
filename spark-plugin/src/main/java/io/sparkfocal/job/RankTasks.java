package io.sparkfocal.job;

import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.spark.ExceptionFailure;
import org.apache.spark.TaskFailedReason;
import org.apache.spark.TaskKilled;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerJobEnd;
import org.apache.spark.scheduler.SparkListenerJobStart;
import org.apache.spark.scheduler.SparkListenerStageCompleted;
import org.apache.spark.scheduler.SparkListenerStageSubmitted;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.apache.spark.scheduler.SparkListenerTaskStart;
import org.apache.spark.scheduler.StageInfo;
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
  private final Map<Integer, String> live = new TreeMap<>();
  private final Set<Integer> jobs = new TreeSet<>();
  private boolean ranksNext;
  private boolean ranks;
  private boolean started;
  private long events;
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

  private boolean isOurs(@Nullable Properties properties) {
    return properties != null && attempt.equals(properties.getProperty(ATTEMPT));
  }

  /** From now on the last stage of a job is that of the ranks, whose tasks all run at once. */
  synchronized void ranksBegin() {
    ranksNext = true;
  }

  @Override
  public synchronized void onJobStart(SparkListenerJobStart start) {
    if (isOurs(start.properties())) {
      jobs.add(start.jobId());
    }
  }

  @Override
  public synchronized void onJobEnd(SparkListenerJobEnd end) {
    jobs.remove(end.jobId());
  }

  @Override
  public synchronized void onStageSubmitted(SparkListenerStageSubmitted submitted) {
    if (isOurs(submitted.properties())) {
      // Stages that shuffle the input come first; Spark repeats their tasks itself.
      StageInfo info = submitted.stageInfo();
      stage = info.stageId();
      stages.add(stage);
      live.put(stage, "TaskSet_" + stage + "." + info.attemptNumber());
      ranks = ranksNext && info.shuffleDepId().isEmpty();
      started = false;
      firstLoss = null;
    }
  }

  @Override
  public synchronized void onStageCompleted(SparkListenerStageCompleted completed) {
    live.remove(completed.stageInfo().stageId());
  }

  @Override
  public synchronized void onTaskStart(SparkListenerTaskStart start) {
    started |= start.stageId() == stage;
    if (stages.contains(start.stageId())) {
      running.add(start.taskInfo().taskId());
      events++;
    }
  }

  @Override
  public synchronized void onTaskEnd(SparkListenerTaskEnd end) {
    if (running.remove(end.taskInfo().taskId())) {
      events++;
    }
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

  /** Whether the stage of the ranks has begun: Spark starts all of its tasks at once. */
  synchronized boolean ranksRun() {
    return ranks && started && live.containsKey(stage);
  }

  /** Task sets, by the names that Spark's scheduler gives them, of stages that have not ended. */
  synchronized List<String> taskSets() {
    return List.copyOf(live.values());
  }

  /**
   * How many of its tasks have begun or ended so far: it changes while tasks run, however short.
   */
  synchronized long events() {
    return events;
  }

  /** Jobs that have not ended. */
  synchronized List<Integer> jobs() {
    return List.copyOf(jobs);
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
