package io.sparkfocal.job;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.nn.Block;
import io.sparkfocal.calibration.Calibrated;
import io.sparkfocal.calibration.LogitLink;
import io.sparkfocal.calibration.ScoredRows;
import io.sparkfocal.collective.CollectiveException;
import io.sparkfocal.collective.TensorCollective;
import io.sparkfocal.compat.TensorCopy;
import io.sparkfocal.network.Layers;
import io.sparkfocal.network.NetworkDescription;
import io.sparkfocal.train.FlatParameters;
import io.sparkfocal.train.LogitPasses;
import io.sparkfocal.train.Shard;
import io.sparkfocal.train.TrainingOutcome;
import java.nio.ByteBuffer;
import java.nio.DoubleBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.function.DoubleBinaryOperator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Calibrates what was trained, on one rank among others, each with its validation rows.
 *
 * <p>What was trained is not lost by a failure here: a rank that cannot go on says so where the
 * others next wait for it, and all of them leave the calibration.
 */
final class RankCalibration {

  private static final Logger LOG = LoggerFactory.getLogger(RankCalibration.class);

  /** Of all ranks at once, in values of 8 bytes. */
  private static final int MERGED_AT_ONCE = 1 << 16;

  /** In values of 4 bytes. */
  private static final int GATHERED_AT_ONCE = 1 << 16;

  private static final int LONGEST_REASON = 1000;

  private final TrainingPlan plan;
  private final NetworkDescription description;
  private final RankName name;
  private final TensorCollective ranks;
  private final LogitPasses passes;
  private final NDManager manager;
  private @Nullable RuntimeException ended;

  /**
   * Of a rank.
   *
   * @param description the network that was trained
   * @param beforeBatch throws to end the rank
   * @param manager on the device of the rank
   */
  RankCalibration(
      TrainingPlan plan,
      NetworkDescription description,
      RankName name,
      Shard validation,
      TensorCollective ranks,
      Runnable beforeBatch,
      NDManager manager) {
    this.plan = plan;
    this.description = description;
    this.name = name;
    this.ranks = ranks;
    this.manager = manager;
    this.passes =
        new LogitPasses(
            validation,
            Math.max(1, plan.targets()),
            ranks,
            plan.job().collectiveTimeout(),
            () -> beforeBatch(beforeBatch),
            manager);
  }

  private void beforeBatch(Runnable check) {
    try {
      check.run();
    } catch (RuntimeException e) {
      ended = e;
      throw e;
    }
  }

  /** Some rank cannot go on, as all know. */
  private static final class GivenUp extends RuntimeException {
    private static final long serialVersionUID = 1L;
  }

  /**
   * Looks at the validation rows with the weights that were trained.
   *
   * @param network that was trained; its parameters are set to those of the outcome
   * @return the same on every rank
   * @throws CollectiveException if another rank is lost
   */
  Calibrated run(Block network, FlatParameters parameters, TrainingOutcome outcome) {
    String reason = "";
    try {
      setNetwork(network, parameters, outcome);
      Calibrated calibrated = plan.calibration().reach(new Rows(), plan.loss().counts());
      requireAll();
      ranks.ruleOutALostRank();
      return calibrated;
    } catch (GivenUp e) {
      LOG.info("{}: another rank ended the calibration.", name);
    } catch (RuntimeException | OutOfMemoryError | LinkageError e) {
      if (e == ended || e instanceof CollectiveException) {
        throw e;
      }
      LOG.warn("{}: the validation rows could not be calibrated on.", name, e);
      reason = name + ": " + (e.getMessage() == null ? e : e.getMessage());
      passes.awaitAll(true);
    }
    return Calibrated.failed(firstOf(reason));
  }

  /** In float32, as the model will score. */
  private void setNetwork(Block trained, FlatParameters parameters, TrainingOutcome outcome) {
    Block network = trained;
    FlatParameters flat = parameters;
    if (plan.settings().dataType() == DataType.FLOAT16) {
      network = description.build(Layers.forInference());
      flat = FlatParameters.of(network, description.features(), manager, plan.settings().seed());
    }
    flat.set(outcome.weights());
    passes.over(network, flat, plan.classes());
  }

  private void requireAll() {
    if (passes.awaitAll(false) > 0) {
      throw new GivenUp();
    }
  }

  /** The reason of the first rank that has one. */
  private String firstOf(String reason) {
    byte[] text = reason.getBytes(StandardCharsets.UTF_8);
    return ranks.allGather(Arrays.copyOf(text, LONGEST_REASON), manager).stream()
        .map(bytes -> new String(bytes, StandardCharsets.UTF_8).replace("\0", ""))
        .filter(other -> !other.isEmpty())
        .findFirst()
        .orElse(reason);
  }

  private final class Rows implements ScoredRows {

    private final LogitLink link = plan.calibration().link();

    @Override
    public void forEach(Visitor visitor) {
      passes.forEach(
          description.outputs(),
          (values, from, outputs, label, weight) ->
              visitor.row(
                  label,
                  weight,
                  link.isMultilabel()
                      ? withLabels(values, from, outputs)
                      : LogitLink.softmaxSpace(link.raw(values, from, outputs), outputs)));
    }

    private double[] withLabels(float[] values, int from, int outputs) {
      double[] both = Arrays.copyOf(link.raw(values, from, outputs), 2 * outputs);
      for (int i = outputs; i < both.length; i++) {
        both[i] = values[from + i];
      }
      return both;
    }

    @Override
    public void working() {
      passes.working();
    }

    @Override
    public int rank() {
      return ranks.rank();
    }

    @Override
    public double[] merge(double[] own, DoubleBinaryOperator operator) {
      // Before the ranks meet, so that one that finds no memory says so.
      double[] all = new double[own.length];
      requireAll();
      int most = Math.max(1, MERGED_AT_ONCE / ranks.world());
      for (int from = 0; from < own.length; from += most) {
        int length = Math.min(most, own.length - from);
        ByteBuffer bytes = ByteBuffer.allocate(Double.BYTES * length);
        bytes.asDoubleBuffer().put(own, from, length);
        List<byte[]> ofRanks = ranks.allGather(bytes.array(), manager);
        for (int rank = 0; rank < ofRanks.size(); rank++) {
          DoubleBuffer values = ByteBuffer.wrap(ofRanks.get(rank)).asDoubleBuffer();
          for (int i = 0; i < length; i++) {
            double value = values.get(i);
            all[from + i] = rank == 0 ? value : operator.applyAsDouble(all[from + i], value);
          }
        }
      }
      return all;
    }

    @Override
    public float[] gather(float[] own) {
      requireAll();
      byte[] length = ByteBuffer.allocate(Integer.BYTES).putInt(own.length).array();
      int[] lengths =
          ranks.allGather(length, manager).stream()
              .mapToInt(bytes -> ByteBuffer.wrap(bytes).getInt())
              .toArray();
      float[] all = new float[Arrays.stream(lengths).sum()];
      int from = 0;
      for (int rank = 0; rank < lengths.length; rank++) {
        for (int at = 0; at < lengths[rank]; at += GATHERED_AT_ONCE) {
          int count = Math.min(GATHERED_AT_ONCE, lengths[rank] - at);
          float[] part =
              rank == ranks.rank() ? Arrays.copyOfRange(own, at, at + count) : new float[count];
          try (NDArray tensor = manager.create(part)) {
            ranks.broadcast(tensor, rank);
            System.arraycopy(TensorCopy.floats(tensor), 0, all, from + at, count);
            ranks.confirm();
          }
        }
        from += lengths[rank];
      }
      return all;
    }
  }
}
