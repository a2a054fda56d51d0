package io.sparkfocal.job;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.SparkContext;
import org.apache.spark.SparkJobInfo;
import org.apache.spark.SparkStageInfo;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.api.java.JavaSparkStatusTracker;
import org.apache.spark.scheduler.Pool;
import org.apache.spark.scheduler.Schedulable;

/**
 * Which task slots are busy, as Spark's own scheduler counts them, while a stage waits for free
 * ones.
 *
 * @param needed how many it needs at once
 * @param slots how many there are
 * @param busy how many of them run a task
 * @param jobs those whose tasks run, with the name of the stage
 */
record SlotReport(int needed, int slots, int busy, List<String> jobs) {

  private static final int JOBS_NAMED = 3;

  /** Of now. */
  static SlotReport of(SparkContext spark, int needed, int slots) {
    return new SlotReport(needed, slots, Math.min(slots, running(spark)), jobs(spark));
  }

  /** How many tasks run in this application, as its scheduler counts them. */
  static int running(SparkContext spark) {
    return spark.taskScheduler().rootPool().runningTasks();
  }

  private static List<String> jobs(SparkContext spark) {
    JavaSparkStatusTracker status = new JavaSparkContext(spark).statusTracker();
    Pool pool = spark.taskScheduler().rootPool();
    List<String> jobs = new ArrayList<>();
    for (int id : Arrays.stream(status.getActiveJobIds()).sorted().toArray()) {
      SparkJobInfo job = status.getJobInfo(id);
      Arrays.stream(job == null ? new int[0] : job.stageIds())
          .mapToObj(status::getStageInfo)
          .filter(stage -> stage != null && isRunning(stage, pool))
          .findFirst()
          .ifPresent(stage -> jobs.add("job " + id + " (" + stage.name() + ")"));
    }
    return jobs;
  }

  /** The status store counts tasks too, but learns of some with the next heartbeat only. */
  private static boolean isRunning(SparkStageInfo stage, Pool pool) {
    return isRunning("TaskSet_" + stage.stageId() + "." + stage.currentAttemptId(), pool);
  }

  /** Whether any of these task sets runs a task now, as the scheduler counts them. */
  static boolean isRunning(SparkContext spark, List<String> taskSets) {
    Pool pool = spark.taskScheduler().rootPool();
    return taskSets.stream().anyMatch(name -> isRunning(name, pool));
  }

  private static boolean isRunning(String taskSet, Pool pool) {
    Schedulable tasks = pool.getSchedulableByName(taskSet);
    return tasks != null && tasks.runningTasks() > 0;
  }

  /** One sentence: what is needed, who has it, what to do. */
  String describe() {
    String what =
        needed == 1
            ? "fit needs a free task slot"
            : "fit needs " + needed + " free task slots at once";
    if (slots - busy >= needed) {
      return what + "; Spark has started none of its tasks yet, though " + free() + ".";
    }
    return what
        + "; "
        + (busy == slots
            ? slots == 1 ? "the only one is" : "all " + slots + " are"
            : busy + " of " + slots + (busy == 1 ? " is" : " are"))
        + " busy with "
        + with()
        + (busy == slots ? ": wait, or end them." : ": setNumWorkers(%s), or wait.")
            .formatted(slots - busy);
  }

  private String free() {
    return (slots - busy) + " of " + slots + " look free";
  }

  private String with() {
    if (jobs.isEmpty()) {
      return "other tasks";
    }
    String named = String.join(", ", jobs.subList(0, Math.min(JOBS_NAMED, jobs.size())));
    return jobs.size() <= JOBS_NAMED
        ? named
        : named + " and " + (jobs.size() - JOBS_NAMED) + " more";
  }
}
