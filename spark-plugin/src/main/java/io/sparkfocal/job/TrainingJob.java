package io.sparkfocal.job;

import io.sparkfocal.compat.RddLineage;
import io.sparkfocal.data.LabelCounts;
import io.sparkfocal.data.TrainingColumns;
import java.util.List;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkContext;
import org.apache.spark.rdd.RDD;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.catalyst.InternalRow;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import scala.reflect.ClassTag$;

/**
 * The driver's side of one {@code fit}: finds slots, cuts the input into one partition per rank,
 * runs the barrier stage, reads the result.
 */
public final class TrainingJob {

  private static final Logger LOG = LoggerFactory.getLogger(TrainingJob.class);

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
   * @param wanted as many; 0 for one per slot
   * @throws IllegalArgumentException if there are fewer slots, after waiting for executors to come
   */
  public int workers(int wanted) {
    int slots = new TrainingSlots(spark, settings.slotsTimeout()).await(Math.max(1, wanted));
    return wanted == 0 ? slots : wanted;
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
    RDD<InternalRow> rows = partitioned(columns.rows(dataset), counts, plan.workers());
    LOG.info(
        "{}: {} training rows, {} validation rows, {} workers",
        plan.run(),
        counts.trainingRows(),
        counts.validationRows(),
        plan.workers());
    RDD<byte[]> results =
        rows.barrier()
            .mapPartitions(
                new RankFunction(new BarrierTrainingTask(plan)),
                false,
                ClassTag$.MODULE$.apply(byte[].class));
    try {
      List<byte[]> result = results.toJavaRDD().collect();
      return TrainingResult.decode(result.get(0));
    } catch (RuntimeException e) {
      throw explained(e);
    } catch (Exception e) {
      // SparkException is checked, and Scala does not declare it.
      throw explained(e);
    }
  }

  private static RuntimeException explained(Exception failure) {
    RuntimeException known = RankFailure.inReport(failure);
    if (known != null) {
      return known;
    }
    return failure instanceof RuntimeException unchecked
        ? unchecked
        : new TrainingException("The training stage failed: " + firstLine(failure), failure);
  }

  private static String firstLine(Exception failure) {
    return String.valueOf(failure.getMessage()).lines().findFirst().orElse("");
  }

  /** One partition per rank, of about the same size, in a chain that a barrier stage accepts. */
  private RDD<InternalRow> partitioned(Dataset<Row> rows, LabelCounts counts, int workers) {
    RDD<InternalRow> rdd = rows.queryExecution().toRdd();
    boolean fits =
        rdd.getNumPartitions() == workers
            && counts.partitionRows().length == workers
            && counts.skew() <= settings.largestSkew()
            && RddLineage.suitsBarrierStage(rdd);
    return fits ? rdd : rows.repartition(workers).queryExecution().toRdd();
  }
}
