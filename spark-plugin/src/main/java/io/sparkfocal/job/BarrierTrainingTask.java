package io.sparkfocal.job;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import ai.djl.nn.Block;
import io.sparkfocal.blocks.RankBlocks;
import io.sparkfocal.blocks.RankShare;
import io.sparkfocal.calibration.Calibrated;
import io.sparkfocal.collective.Collective;
import io.sparkfocal.collective.CollectiveException;
import io.sparkfocal.collective.PeerLostException;
import io.sparkfocal.collective.TensorCollective;
import io.sparkfocal.cuda.CudaLibraries;
import io.sparkfocal.data.FeatureEncoding;
import io.sparkfocal.data.RankRows;
import io.sparkfocal.network.Layers;
import io.sparkfocal.network.NetworkDescription;
import io.sparkfocal.network.RankStep;
import io.sparkfocal.persist.Checkpoint;
import io.sparkfocal.persist.CheckpointFolder;
import io.sparkfocal.plugin.NativeEngine;
import io.sparkfocal.train.FlatParameters;
import io.sparkfocal.train.FusedKernels;
import io.sparkfocal.train.LossScale;
import io.sparkfocal.train.RunSize;
import io.sparkfocal.train.Shard;
import io.sparkfocal.train.TrainingLoop;
import io.sparkfocal.train.TrainingOutcome;
import java.io.IOException;
import java.io.Serializable;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.apache.spark.BarrierTaskContext;
import org.apache.spark.TaskKilledException;
import org.apache.spark.broadcast.Broadcast;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One rank: reads its rows, meets the others, trains; rank 0 returns the result.
 *
 * @param plan what to do
 * @param links what lies between this rank and the others
 * @param exchange how ranks tell each other their cards
 * @param earlier file of the checkpoint to go on from; empty for the beginning
 * @param result where rank 0 leaves the result
 */
record BarrierTrainingTask(
    TrainingPlan plan,
    RankLinks links,
    CardExchange exchange,
    Broadcast<String> earlier,
    ResultBlocks result)
    implements Serializable {

  private static final Logger LOG = LoggerFactory.getLogger(BarrierTrainingTask.class);
  private static final Duration PATIENCE_FOR_CAUSE = Duration.ofSeconds(5);

  /**
   * Runs in a barrier task; says where the {@link ResultBlocks} of a {@link TrainingResult} are,
   * null on other ranks.
   */
  byte @Nullable [] run(RankShare share) {
    BarrierTaskContext context = BarrierTaskContext.get();
    RankName name = RankName.here(context.partitionId(), plan.workers());
    try {
      NativeEngine.require(context.cpus());
      CudaLibraries.lookFirstIn(plan.job().libraryPath());
      RankDevice device = plan.device().resolve(context.resourcesJMap(), name.host());
      name = name.on(device);
      LOG.info("{}, trains on {}: {}", name, device.device(), device.reason());
      try (RankBlocks blocks = new RankBlocks(share);
          RankRows rows =
              new RankRows(
                  plan.width(),
                  plan.targets(),
                  plan.encoding(),
                  plan.sparse(),
                  share.training(),
                  share.validation(),
                  blocks)) {
        // Before the ranks meet, since nobody knows how long it takes.
        if (earlier.value().isEmpty() && plan.initial() == null) {
          rows.measure();
        }
        blocks.fetch();
        return train(context, name, device, blocks, rows);
      }
    } catch (TaskKilledException e) {
      throw e;
    } catch (PeerLostException e) {
      leaveTheWordToTheCause(context);
      throw RankFailure.of(name, e);
    } catch (Exception | LinkageError e) {
      context.killTaskIfInterrupted();
      throw RankFailure.of(name, e);
    }
  }

  /**
   * Spark kills this task as soon as it hears from the peer that left, or of its executor's end.
   */
  private static void leaveTheWordToTheCause(BarrierTaskContext context) {
    long deadline = System.nanoTime() + PATIENCE_FOR_CAUSE.toNanos();
    while (System.nanoTime() < deadline) {
      context.killTaskIfInterrupted();
      LockSupport.parkNanos(Duration.ofMillis(50).toNanos());
    }
  }

  private byte @Nullable [] train(
      BarrierTaskContext context,
      RankName name,
      RankDevice device,
      RankBlocks blocks,
      RankRows rows)
      throws IOException {
    try (Rendezvous ranks =
        new Rendezvous(
            context,
            plan,
            links,
            exchange,
            name,
            device,
            address ->
                new RankCard(
                    address,
                    Rendezvous.PROCESS,
                    device.gpu(),
                    rows.trainingRows(),
                    rows.validationRows()))) {
      // All ranks have theirs.
      context.killTaskIfInterrupted();
      blocks.dropOthers();
      return train(context, name, device.device(), rows, ranks.cards(), ranks.collective());
    }
  }

  private byte @Nullable [] train(
      BarrierTaskContext context,
      RankName name,
      Device device,
      RankRows rows,
      List<RankCard> cards,
      Collective collective)
      throws IOException {
    try (NDManager manager = NDManager.newBaseManager(device, "PyTorch");
        Checkpoint from = checkpoint()) {
      JobSettings settings = plan.job();
      TensorCollective tensors = new TensorCollective(collective, settings.gradientPrecision());
      FeatureEncoding encoding = encoding(from, rows, tensors, manager);
      rows.encode(encoding);
      NetworkDescription description = encoding.network(plan.network());
      FusedKernels kernels =
          (settings.fusedKernels() ? FusedKernels.on(device) : FusedKernels.none())
              .agreed(tensors, plan.loss(), plan.classes(), plan.settings(), manager);
      Shard training = rows.training(manager, kernels);
      Shard validation = rows.validation(manager, kernels);

      RankStep step = new RankStep(plan.settings().seed(), tensors, kernels.dropoutMask(manager));
      Block network = description.build(new Layers(step));
      FlatParameters parameters =
          FlatParameters.of(
              network,
              description.features(),
              manager,
              plan.settings().seed(),
              LossScale.of(plan.settings(), manager));
      description.requireOutputs(network);
      if (plan.outputBias().length > 0) {
        parameters.setOutputBias(plan.outputBias());
      }
      if (plan.initial() != null) {
        plan.initial().putInto(parameters);
      }
      requireSameNetwork(parameters, tensors, manager);

      try (CheckpointWriter checkpoints = checkpoints(collective.rank(), encoding);
          TensorBoardWriter events = events(collective.rank(), name)) {
        TrainingLoop loop =
            new TrainingLoop(
                network,
                parameters,
                plan.loss(),
                plan.classes(),
                plan.settings(),
                step,
                tensors,
                settings.collectiveTimeout(),
                new RankListener(context, plan, checkpoints, events),
                kernels,
                manager);
        try (TrainingOutcome outcome =
            loop.run(
                training, validation, size(cards), from == null ? null : from.state(parameters))) {
          Calibrated calibrated =
              size(cards).validationRows() == 0
                  ? Calibrated.none()
                  : new RankCalibration(
                          plan,
                          description,
                          name,
                          validation,
                          tensors,
                          context::killTaskIfInterrupted,
                          manager)
                      .run(network, parameters, outcome);
          return collective.rank() == 0
              ? result.put(
                  context,
                  out ->
                      TrainingResult.write(
                          out,
                          outcome,
                          parameters.slices(),
                          encoding,
                          calibrated,
                          device.toString()))
              : null;
        }
      }
    } catch (Throwable e) {
      collective.abort(String.valueOf(RankFailure.of(name, e).getMessage()));
      throw e;
    }
  }

  private FeatureEncoding encoding(
      @Nullable Checkpoint from, RankRows rows, TensorCollective tensors, NDManager manager) {
    if (from != null) {
      return from.encoding();
    }
    InitialWeights initial = plan.initial();
    return initial == null ? rows.encoding(tensors, manager) : initial.encoding();
  }

  /** That this rank reads; null for the beginning. */
  private @Nullable Checkpoint checkpoint() throws IOException {
    String file = earlier.value();
    CheckpointPlan where = plan.checkpoints();
    if (file.isEmpty() || where == null) {
      return null;
    }
    try {
      return CheckpointFolder.open(file, where.hadoop().value());
    } catch (IllegalArgumentException e) {
      // The driver found it whole.
      throw CheckpointFolder.unreadable(file, e);
    }
  }

  private @Nullable CheckpointWriter checkpoints(int rank, FeatureEncoding encoding) {
    CheckpointPlan where = plan.checkpoints();
    return rank != 0 || where == null
        ? null
        : new CheckpointWriter(where, plan.described(), encoding);
  }

  private @Nullable TensorBoardWriter events(int rank, RankName name) {
    TensorBoardPlan where = plan.tensorBoard();
    return rank != 0 || where == null
        ? null
        : new TensorBoardWriter(where, plan.settings().validationMetric(), name.host());
  }

  private static RunSize size(List<RankCard> cards) {
    return new RunSize(
        cards.stream().mapToLong(RankCard::trainingRows).sum(),
        cards.stream().mapToLong(RankCard::trainingRows).max().orElse(0),
        cards.stream().mapToLong(RankCard::validationRows).sum());
  }

  private static void requireSameNetwork(
      FlatParameters parameters, TensorCollective tensors, NDManager manager) {
    byte[] own = parameters.layoutHash().getBytes(StandardCharsets.US_ASCII);
    if (!Arrays.equals(own, tensors.allGather(own, manager).get(0))) {
      throw new CollectiveException(
          "The network provider builds other parameters on this rank than on rank 0; install the same version of its jar on every executor.");
    }
  }
}
