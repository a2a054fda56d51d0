package io.sparkfocal.job;

import io.sparkfocal.compat.RddLineage;
import io.sparkfocal.data.LabelCounts;
import io.sparkfocal.data.TrainingColumns;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkContext;
import org.apache.spark.rdd.RDD;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.functions;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import scala.Function1;
import scala.collection.Iterator;
import scala.reflect.ClassTag$;

/**
 * The driver's side of one {@code fit}: finds slots, cuts the input into one partition per rank,
 * runs the barrier stage, reads the result.
 */
public final class TrainingJob {

  private static final Logger LOG = LoggerFactory.getLogger(TrainingJob.class);

  /** Makes Spark wake the ranks that wait for one that failed, or for a job that was cancelled. */
  private static final String INTERRUPT = "spark.job.interruptOnCancel";

  private static final String AFTER_TASK = "finished unsuccessfully.";

  private final SparkContext spark;
  private final JobSettings settings;

  /** A job of this application. */
  public TrainingJob(SparkContext spark) {
    this.spark = spark;
    this.settings = JobSettings.of(spark.getConf());
  }

  /**
   * Refuses, before any stage starts, what this application cannot do.
   *
   * @throws IllegalArgumentException if dynamic allocation is on, or tasks have no GPU and one is
   *     asked for
   */
  public void requirePossible(DeviceChoice device) {
    SparkConf conf = spark.getConf();
    if (conf.getBoolean("spark.dynamicAllocation.enabled", false) && !spark.isLocal()) {
      throw new IllegalArgumentException(
          "spark.dynamicAllocation.enabled is true, but all ranks must run at the same time; set it to false and fix spark.executor.instances.");
    }
    device.requireConfigured(conf);
  }

  /**
   * How many ranks will train.
   *
   * @param wanted as many; 0 for one per slot, once all executors have come
   * @throws IllegalArgumentException if there are fewer slots, after waiting for executors to come
   */
  public int workers(int wanted) {
    TrainingSlots slots = new TrainingSlots(spark, settings.slotsTimeout());
    return wanted == 0 ? slots.awaitAll() : slots.await(wanted);
  }

  /**
   * What carries gradients.
   *
   * @throws IllegalArgumentException if the application's settings forbid it
   */
  public Transport transport(DeviceChoice device) {
    return Transport.of(spark.getConf(), device);
  }

  /** How long ranks wait for each other. */
  public long collectiveTimeoutMillis() {
    return settings.collectiveTimeout().toMillis();
  }

  /**
   * Trains.
   *
   * @throws IllegalArgumentException if a row cannot be trained on
   * @throws TrainingException if a rank fails otherwise
   */
  public TrainingResult run(
      TrainingPlan plan, TrainingColumns columns, LabelCounts counts, Dataset<?> dataset) {
    LOG.info(
        "{}: {} training rows, {} validation rows, {} workers",
        plan.run(),
        counts.trainingRows(),
        counts.validationRows(),
        plan.workers());
    RDD<byte[]> results = stage(plan, columns.rows(dataset), counts);
    String interrupt = spark.getLocalProperty(INTERRUPT);
    spark.setLocalProperty(INTERRUPT, "true");
    try {
      List<byte[]> result = results.toJavaRDD().collect();
      return TrainingResult.decode(result.get(0));
    } catch (RuntimeException e) {
      throw explained(e);
    } catch (Exception e) {
      // SparkException is checked, and Scala does not declare it.
      throw explained(e);
    } finally {
      spark.setLocalProperty(INTERRUPT, interrupt);
    }
  }

  private static RuntimeException explained(Exception failure) {
    RuntimeException known = RankFailure.inReport(failure);
    if (known != null) {
      return known;
    }
    return failure instanceof RuntimeException unchecked
        ? unchecked
        : new TrainingException("The training stage failed: " + cause(failure), failure);
  }

  /** The line after Spark's own sentences, which says what happened to the task. */
  private static String cause(Exception failure) {
    String message = String.valueOf(failure.getMessage());
    int own = message.lastIndexOf(AFTER_TASK);
    String rest = own < 0 ? message : message.substring(own + AFTER_TASK.length()).strip();
    return rest.isEmpty() ? message : rest.lines().findFirst().orElse(message);
  }

  /**
   * The barrier stage, one task per rank: over the input's own partitions where they are or can be
   * cut evenly, else over rows that are dealt by their content.
   */
  private RDD<byte[]> stage(TrainingPlan plan, Dataset<Row> rows, LabelCounts counts) {
    BarrierTrainingTask task = new BarrierTrainingTask(plan);
    RDD<InternalRow> rdd = rows.queryExecution().toRdd();
    boolean fits =
        rdd.getNumPartitions() == plan.workers()
            && counts.partitionRows().length == plan.workers()
            && counts.skew() <= settings.largestSkew()
            && RddLineage.suitsBarrierStage(rdd);
    RankPartitions cut =
        fits ? null : RankPartitions.cut(rdd, counts.partitionRows(), plan.workers());
    if (cut != null) {
      return barrier(spark.range(0, plan.workers(), 1, plan.workers()), new CutRanks(task, cut));
    }
    RDD<InternalRow> partitioned =
        fits ? rdd : byContent(rows, plan.workers()).queryExecution().toRdd();
    return barrier(partitioned, new RankFunction(task));
  }

  private static <T> RDD<byte[]> barrier(
      RDD<T> ranks, Function1<Iterator<T>, Iterator<byte[]>> task) {
    return ranks.barrier().mapPartitions(task, false, ClassTag$.MODULE$.apply(byte[].class));
  }

  /** Each row to the rank that a hash of its content names, however the input was cut. */
  private static Dataset<Row> byContent(Dataset<Row> rows, int workers) {
    // Positions, since the selected columns' names may repeat.
    Dataset<Row> numbered = rows.toDF(numberedNames(rows.columns().length));
    return numbered.repartition(
        workers, Arrays.stream(numbered.columns()).map(functions::col).toArray(Column[]::new));
  }

  private static String[] numberedNames(int count) {
    return IntStream.range(0, count).mapToObj(i -> "c" + i).toArray(String[]::new);
  }
}
