package io.sparkfocal.job;

import io.sparkfocal.blocks.InputBlocks;
import io.sparkfocal.data.LabelCounts;
import io.sparkfocal.data.TrainingColumns;
import io.sparkfocal.network.ImageShape;
import io.sparkfocal.network.MlpNetwork;
import io.sparkfocal.network.NetworkDescription;
import io.sparkfocal.network.TorchScriptFile;
import io.sparkfocal.persist.CheckpointFolder;
import io.sparkfocal.persist.ModelFiles;
import io.sparkfocal.persist.RunLease;
import io.sparkfocal.persist.TrainedNetwork;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.function.Supplier;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkContext;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.util.SerializableConfiguration;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The driver's side of one {@code fit}: finds slots, reads the rows, attempts the training, and
 * where an attempt fails begins another from the newest checkpoint.
 */
public final class TrainingJob implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(TrainingJob.class);

  private final SparkContext spark;
  private final SparkConf conf;
  private final Configuration hadoop;
  private final JobSettings settings;
  private final RankLinks links;
  private final int blockLength;
  private @Nullable RunCheckpoints checkpoints;

  /**
   * A job of this session.
   *
   * @throws IllegalArgumentException if one of its settings is unknown or has no value that it can
   *     have
   */
  public TrainingJob(SparkSession session) {
    this(session, new RankLinks.Direct(), ResultBlocks.LENGTH);
  }

  /** A job whose ranks reach each other by other links than the usual ones. */
  TrainingJob(SparkSession session, RankLinks links) {
    this(session, links, ResultBlocks.LENGTH);
  }

  /** As above, with the result in blocks of that many bytes. */
  TrainingJob(SparkSession session, RankLinks links, int blockLength) {
    this.links = links;
    this.blockLength = blockLength;
    this.spark = session.sparkContext();
    this.conf = SessionSettings.of(session);
    this.hadoop = SessionSettings.hadoop(session);
    this.settings = JobSettings.of(conf);
  }

  /**
   * Refuses, before any stage starts, what this application cannot do.
   *
   * @throws IllegalArgumentException if dynamic allocation is on, or tasks have no GPU and one is
   *     asked for
   */
  public void requirePossible(DeviceChoice device) {
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
    TrainingSlots slots = new TrainingSlots(spark, settings.slotsTimeout(), () -> 0);
    return wanted == 0 ? slots.awaitAll() : slots.await(wanted);
  }

  /**
   * Reads the input, with one Spark job; says which jobs hold the slots that it waits for. After a
   * failure that may pass it reads again, as where Spark tries no task a second time.
   *
   * @param workers how many ranks will train
   * @param maxRestarts how often it reads again at most
   * @return the rows, which the caller closes
   * @throws IllegalArgumentException if a row cannot be trained on, or not be computed
   * @throws TrainingException as above, or if slots were busy for too long
   */
  public InputBlocks read(
      TrainingColumns columns, Dataset<?> dataset, int workers, int maxRestarts) {
    for (int left = maxRestarts; ; left--) {
      try {
        return query("reading the input", () -> InputBlocks.read(spark, columns, dataset, workers));
      } catch (IllegalArgumentException | TrainingException e) {
        throw e;
      } catch (Exception e) {
        if (left == 0 || spark.isStopped()) {
          throw e;
        }
        LOG.warn("The input is read again: {}", e.toString());
      }
    }
  }

  /** Reads the input once more, as what it is now; throws as above. */
  public void readAgain(InputBlocks rows) {
    query(
        "reading the input again",
        () -> {
          rows.readAgain();
          return rows;
        });
  }

  private <T> T query(String name, Supplier<T> query) {
    String before = spark.getLocalProperty(TrainingStage.JOB_NAME);
    spark.setLocalProperty(TrainingStage.JOB_NAME, name);
    try {
      return WatchedQuery.of(spark, settings, query);
    } finally {
      spark.setLocalProperty(TrainingStage.JOB_NAME, before);
    }
  }

  /**
   * What carries gradients.
   *
   * @throws IllegalArgumentException if the settings forbid it
   */
  public Transport transport(DeviceChoice device) {
    return Transport.of(conf, device);
  }

  /**
   * A TorchScript file, read here once.
   *
   * @param path of any Hadoop file system
   * @throws IllegalArgumentException if there is none
   */
  public TorchScriptFile torchScript(String path) {
    try {
      return ModelFiles.torchScript(new Path(path), hadoop);
    } catch (IOException e) {
      throw new IllegalArgumentException(
          "%s cannot be read: %s; check that it is a file that the driver may read."
              .formatted(path, e.getMessage()),
          e);
    }
  }

  /**
   * The weights of a model, to begin a training with.
   *
   * @param model one, or the path of a saved one
   * @param network that is to be trained, without what only ranks know
   * @throws IllegalArgumentException if there is no such model, or it has another network than in
   *     its output layer
   */
  public InitialWeights initialWeights(
      Object model, NetworkDescription network, @Nullable ImageShape images) {
    try {
      TrainedNetwork trained =
          model instanceof TrainedNetwork given
              ? given
              : ModelFiles.read(String.valueOf(model), hadoop);
      return InitialWeights.of(trained, network, images, JavaSparkContext.fromSparkContext(spark));
    } catch (IOException e) {
      throw new IllegalArgumentException(
          "initialModel %s cannot be read: %s; check that the folder is readable."
              .formatted(model, e.getMessage()),
          e);
    }
  }

  /** Settings of the application and its session. */
  public JobSettings settings() {
    return settings;
  }

  /**
   * Checkpoints of a run; those of a relative folder lie below the working directory that the
   * driver's file system names.
   *
   * @see CheckpointPlan
   * @throws IllegalArgumentException if there is no such file system
   */
  public CheckpointPlan checkpoints(
      String folder, String run, long everySteps, long everyMillis, int kept) {
    String qualified = RunCheckpoints.qualified(folder, hadoop);
    LocalFolder.warnIfElsewhere(
        "checkpointDir", qualified, "a restart begins from the beginning", spark);
    return new CheckpointPlan(
        qualified, run, everySteps, everyMillis, kept, new SerializableConfiguration(hadoop));
  }

  /** Event files of a run for TensorBoard, see {@link TensorBoardPlan#of}. */
  public TensorBoardPlan tensorBoard(String folder, String run) {
    return TensorBoardPlan.of(folder, run, spark, hadoop);
  }

  /**
   * Trains; after a failure that may pass, again from the newest checkpoint, on as many ranks or,
   * if slots have been missing for {@code spark.focal.slots.timeout}, on fewer.
   *
   * @param rows of the input
   * @param validated whether the validation rows are of use
   * @param maxRestarts how often at most
   * @param resume whether to go on from the newest checkpoint of an earlier application
   * @throws IllegalArgumentException if a row cannot be trained on, that checkpoint is of another
   *     plan, or the network is too large for the driver's heap
   * @throws InputChangedException if rows were lost, and other ones came in their place
   * @throws TrainingException if a rank fails otherwise: the first cause of the last attempt
   */
  public TrainingResult run(
      TrainingPlan plan, InputBlocks rows, boolean validated, int maxRestarts, boolean resume) {
    // Of an earlier run of this job.
    close();
    LabelCounts counts = rows.counts();
    LargestBatch.require(plan, counts.trainingRows(), spark.getConf());
    RankPorts.require(spark, settings, plan.workers());
    LOG.info(
        "{}: {} training rows, {} validation rows, {} workers",
        plan.run(),
        counts.trainingRows(),
        counts.validationRows(),
        plan.workers());
    requireSizes(plan.network());
    String tooSmall = NativeMemory.of(plan, conf).shortage(conf, spark.master(), spark.version());
    if (tooSmall != null) {
      LOG.warn("{}: {}", plan.run(), tooSmall);
    }
    CheckpointPlan where = plan.checkpoints();
    checkpoints =
        where == null
            ? null
            : RunCheckpoints.of(
                where, plan.described(), resume, self(), settings.checkpointRetention());
    List<RankTasks> attempts = new ArrayList<>();
    try {
      return attempt(plan, rows, validated, attempts, maxRestarts);
    } finally {
      attempts.forEach(spark::removeSparkListener);
    }
  }

  /** Where the number of parameters is known before a rank builds the network. */
  private static void requireSizes(NetworkDescription network) {
    if (network.provider().equals(MlpNetwork.class.getName())) {
      SizeLimits.requireHeap(parameters(network));
    }
  }

  private static long parameters(NetworkDescription mlp) {
    try {
      return MlpNetwork.parameterCount(mlp.features(), mlp.outputs(), mlp.arguments());
    } catch (ArithmeticException e) {
      return Long.MAX_VALUE;
    }
  }

  private RunLease.Holder self() {
    return new RunLease.Holder(
        spark.applicationId(),
        conf.get("spark.driver.host", "unknown"),
        settings.checkpointLease().toMillis());
  }

  private TrainingResult attempt(
      TrainingPlan first,
      InputBlocks rows,
      boolean validated,
      List<RankTasks> attempts,
      int maxRestarts) {
    TrainingPlan plan = first;
    for (int restarts = 0; ; restarts++) {
      CheckpointFolder.Found from = checkpoints == null ? null : checkpoints.newest();
      if (from != null) {
        LOG.info("{}: goes on from {}", plan.run(), from.file());
      }
      try {
        if (restarts > 0) {
          restore(rows, validated);
        }
        return new TrainingStage(
                spark,
                settings,
                plan,
                links,
                rows.shares(plan.workers(), validated),
                blockLength,
                attempts)
            .run(from, restarts);
      } catch (InputChangedException e) {
        throw e;
      } catch (TrainingException e) {
        if (checkpoints != null && from != null && from.isUnreadable(e.getMessage())) {
          checkpoints.leaveOut(from);
        }
        if (e.isPermanent() || restarts == maxRestarts) {
          throw restarts == 0 ? e : gaveUp(restarts, e);
        }
        int workers = slotsLeft(plan.workers(), attempts, e);
        LOG.warn(
            "{}: {} Restart {} of {}, on {} workers.",
            plan.run(),
            e.getMessage(),
            restarts + 1,
            maxRestarts,
            workers);
        plan = plan.again(UUID.randomUUID().getMostSignificantBits(), workers);
      }
    }
  }

  /** What may pass counts as a failed attempt. */
  private void restore(InputBlocks rows, boolean validated) {
    boolean same;
    try {
      same = query("reading lost rows again", () -> rows.restore(validated));
    } catch (IllegalArgumentException | TrainingException e) {
      throw e;
    } catch (Exception e) {
      // SparkException is checked, and Scala does not declare it.
      throw new TrainingException("Lost rows cannot be read again: " + e, e);
    }
    if (!same) {
      throw new InputChangedException();
    }
  }

  private static TrainingException gaveUp(int restarts, TrainingException last) {
    return new TrainingException(
        "%s (after %s restarts)".formatted(last.getMessage(), restarts), last, true);
  }

  /** As many slots as before, waited for; else those there are. */
  private int slotsLeft(int wanted, List<RankTasks> before, TrainingException cause) {
    TrainingSlots slots =
        new TrainingSlots(spark, settings.slotsTimeout(), () -> RankTasks.running(before));
    int left;
    try {
      left = Math.min(wanted, slots.upTo(wanted));
    } catch (IllegalStateException e) {
      throw new TrainingException(
          "fit() was interrupted while it waited for task slots after a failure: "
              + cause.getMessage(),
          cause,
          true);
    }
    if (left <= 0) {
      throw new TrainingException(
          "%s (no task slot was left for a restart after %s s)"
              .formatted(cause.getMessage(), settings.slotsTimeout().toSeconds()),
          cause,
          true);
    }
    return left;
  }

  /** Deletes the checkpoints of the run, whose result is in good hands now. */
  public void deleteCheckpoints() {
    if (checkpoints != null) {
      checkpoints.delete();
    }
  }

  /** The run has ended, well or not: another may go on from its checkpoints. */
  @Override
  public void close() {
    if (checkpoints != null) {
      checkpoints.close();
      checkpoints = null;
    }
  }
}
