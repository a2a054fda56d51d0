package io.sparkfocal.train;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import io.sparkfocal.collective.TensorCollective;
import io.sparkfocal.losses.ClassificationLoss;
import io.sparkfocal.losses.FocalLoss;
import io.sparkfocal.losses.LossKernel;
import io.sparkfocal.losses.SigmoidFocalLoss;
import io.sparkfocal.network.DropoutMask;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import java.util.function.DoubleSupplier;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Chooses what a GPU does in one launch where PyTorch needs many: batches of rows, focal loss with
 * its gradient, AdamW, and dropout's masks.
 *
 * <p>A kernel that cannot be made, or that computes anything else than the other way does on
 * made-up values, is not used, and the log says so. Several ranks use those that all of them can
 * use, see {@link #agreed}. Not thread-safe.
 */
public final class FusedKernels {

  private static final Logger LOG = LoggerFactory.getLogger(FusedKernels.class);
  private static final double TOLERANCE = 1e-4;

  /** Of gradients in float16, of which both ways may round the largest to neighbours. */
  private static final double HALF_TOLERANCE = 2e-3;

  private static final String GATHER = "Gather";
  private static final String DROPOUT = "Dropout";
  private static final String ADAMW = "AdamW";

  private final int gpu;

  /** Those that all ranks can use; null if nobody has been asked. */
  private final @Nullable Set<String> agreed;

  private final Set<String> told = new HashSet<>();
  private Gather.@Nullable Maker gather;

  private FusedKernels(int gpu, @Nullable Set<String> agreed) {
    this.gpu = gpu;
    this.agreed = agreed;
  }

  /** Uses none. */
  public static FusedKernels none() {
    return new FusedKernels(-1, null);
  }

  /** Uses those for a device, which are none for a CPU. */
  public static FusedKernels on(Device device) {
    return device.isGpu() ? onGpu(device.getDeviceId()) : none();
  }

  /** Uses those for a GPU, by its number in this process. */
  static FusedKernels onGpu(int number) {
    return new FusedKernels(number, null);
  }

  /**
   * Those of a training that every rank can use: a kernel and the way without it differ in last
   * bits, and ranks whose updates differ in them no longer train one network.
   *
   * <p>Every rank calls it once, before it makes anything by them, with the same description of the
   * training. What is agreed on and then cannot be made all the same is an error.
   *
   * @param manager on the device to train on
   */
  public FusedKernels agreed(
      TensorCollective ranks,
      LossSpec loss,
      int classes,
      TrainingSettings settings,
      NDManager manager) {
    if (ranks.world() == 1) {
      return this;
    }
    Map<String, Boolean> usable = new TreeMap<>();
    try (NDManager scratch = manager.newSubManager()) {
      usable.put(GATHER, fusedGather(scratch) != null);
      usable.put(DROPOUT, fusedDropout(scratch) != null);
      usable.put(
          ADAMW, settings.optimizer() instanceof AdamW rule && canUpdate(rule, settings, scratch));
      LossScale scale = LossScale.of(settings, scratch);
      for (ClassificationLoss one : List.of(loss.loss(), loss.unweighted())) {
        usable.merge(name(one), canEvaluate(one, classes, scale, scratch), Boolean::logicalAnd);
      }
    }
    return new FusedKernels(gpu, usableByAll(usable, ranks, manager));
  }

  private Set<String> usableByAll(
      Map<String, Boolean> usable, TensorCollective ranks, NDManager manager) {
    byte[] own = new byte[usable.size()];
    List<String> names = List.copyOf(usable.keySet());
    int place = 0;
    for (boolean isUsable : usable.values()) {
      own[place++] = (byte) (isUsable ? 1 : 0);
    }
    List<byte[]> ofRanks = ranks.allGather(own, manager);
    Set<String> byAll = new HashSet<>(names);
    for (int i = 0; i < own.length; i++) {
      for (int rank = ofRanks.size() - 1; rank >= 0; rank--) {
        if (ofRanks.get(rank)[i] == 0 && byAll.remove(names.get(i)) && own[i] != 0) {
          tell(names.get(i), "rank " + rank + " does without it, and all ranks compute alike");
        }
      }
    }
    return byAll;
  }

  private boolean canEvaluate(
      ClassificationLoss loss, int classes, @Nullable LossScale scale, NDManager manager) {
    return gpu >= 0
        && fusedLoss(
                loss,
                composed(loss.prepare(manager, DataType.FLOAT32), scale),
                classes,
                scale,
                manager)
            != null;
  }

  private boolean canUpdate(AdamW rule, TrainingSettings settings, NDManager manager) {
    boolean inHalf = settings.dataType() == DataType.FLOAT16;
    return Boolean.TRUE.equals(
        attempted(ADAMW, () -> agrees(rule, inHalf, manager) ? Boolean.TRUE : null));
  }

  /**
   * A loss in one launch if it can be, else by PyTorch's operations.
   *
   * @param prepare makes the latter
   * @param classes how many classes the labels have
   * @param scale of a network in float16; null for one in float32
   */
  LossKernel loss(
      ClassificationLoss loss,
      Function<ClassificationLoss, LossKernel> prepare,
      int classes,
      @Nullable LossScale scale,
      NDManager manager) {
    LossKernel composed = composed(prepare.apply(loss), scale);
    if (scale == null && gpu < 0 && !manager.getDevice().isGpu()) {
      return HostLoss.of(loss, composed, loss.outputs(classes));
    }
    LossKernel fused = fusedLoss(loss, composed, classes, scale, manager);
    return fused == null ? composed : fused;
  }

  private static LossKernel composed(LossKernel floats, @Nullable LossScale scale) {
    return scale == null ? floats : new ScaledLoss(floats, scale);
  }

  private static String name(ClassificationLoss loss) {
    return loss.getClass().getSimpleName();
  }

  private @Nullable FusedFocal fusedLoss(
      ClassificationLoss loss,
      LossKernel composed,
      int classes,
      @Nullable LossScale scale,
      NDManager manager) {
    String name = name(loss);
    double tolerance = scale == null ? TOLERANCE : HALF_TOLERANCE;
    return attempted(
        name,
        () -> {
          FusedFocal kernel =
              FusedFocal.of(loss, composed, gpu, loss.outputs(classes), scale, manager);
          return kernel == null
                  || agrees(name, () -> kernel.differenceFromComposed(manager), tolerance)
              ? kernel
              : null;
        });
  }

  /**
   * Rows that lie on the device; their batches are made in one launch where they can be.
   *
   * @param order the numbers of the rows in the order of a shuffle
   */
  public Shard shard(Batch all, Function<Shuffle, int[]> order) {
    if (gather == null) {
      Gather.Maker fused = fusedGather(all.labels().getManager());
      gather = fused == null ? Gather::composed : fused;
    }
    return new TensorShard(all, order, gather);
  }

  private Gather.@Nullable Maker fusedGather(NDManager manager) {
    return attempted(
        GATHER,
        () ->
            hasTheBits(GATHER, () -> FusedGather.agreesWithComposed(gpu, manager))
                ? FusedGather.on(gpu)
                : null);
  }

  /** Dropout's masks: made on the GPU where they can be, else on the host and copied. */
  public DropoutMask dropoutMask(NDManager manager) {
    DropoutMask fused = fusedDropout(manager);
    return fused == null ? DropoutMask::onHost : fused;
  }

  private @Nullable FusedDropout fusedDropout(NDManager manager) {
    return attempted(
        DROPOUT,
        () -> {
          FusedDropout kernel = new FusedDropout(gpu);
          return hasTheBits(DROPOUT, () -> kernel.agreesWithHost(manager)) ? kernel : null;
        });
  }

  /** The update: in one pass over the weights where it can be. */
  WeightUpdate update(
      FlatParameters parameters,
      TensorCollective collective,
      TrainingSettings settings,
      NDManager manager) {
    WeightUpdate fused =
        settings.optimizer() instanceof AdamW rule
            ? attempted(ADAMW, () -> fusedAdamW(rule, parameters, collective, settings, manager))
            : null;
    WeightUpdate update = fused;
    if (update == null) {
      update =
          manager.getDevice().isGpu()
              ? new TensorUpdate(parameters, collective, settings, manager)
              : new HostUpdate(parameters, collective, settings, manager);
    }
    return RatedUpdate.of(update, parameters, manager);
  }

  private @Nullable FusedAdamW fusedAdamW(
      AdamW rule,
      FlatParameters parameters,
      TensorCollective collective,
      TrainingSettings settings,
      NDManager manager) {
    return agrees(rule, parameters.half() != null, manager)
        ? new FusedAdamW(
            gpu,
            parameters.trained(),
            parameters.gradients(),
            parameters.half(),
            rule,
            settings.gradientClipNorm(),
            collective,
            manager)
        : null;
  }

  private boolean agrees(AdamW rule, boolean inHalf, NDManager manager) {
    return agrees(
        ADAMW, () -> FusedAdamW.differenceFromHost(gpu, rule, inHalf, manager), TOLERANCE);
  }

  /** Makes something out of a kernel. */
  private interface Attempt<T> {

    /** Null if there is no kernel for it, or it computes anything else than the other way. */
    @Nullable T make();
  }

  /**
   * What is made of a kernel; null without a GPU, if a rank does without it, or if it cannot be
   * made, which is told.
   */
  private <T> @Nullable T attempted(String name, Attempt<T> attempt) {
    if (gpu < 0 || (agreed != null && !agreed.contains(name))) {
      return null;
    }
    if (agreed != null) {
      return attempt.make();
    }
    try {
      return attempt.make();
    } catch (IllegalStateException | LinkageError e) {
      tell(name, String.valueOf(e.getMessage()));
      return null;
    }
  }

  /**
   * Makes and tries the kernels of a GPU, whether or not a training needs them.
   *
   * @return what was found, as a clause
   * @throws IllegalStateException if a kernel cannot be made, or differs
   */
  public static String tried(Device device) {
    try (NDManager manager = NDManager.newBaseManager(device, "PyTorch")) {
      return tried(device.getDeviceId(), manager);
    }
  }

  static String tried(int gpu, NDManager manager) {
    AdamW rule = new AdamW(0.01);
    double difference = FusedAdamW.differenceFromHost(gpu, rule, false, manager);
    double inHalf = FusedAdamW.differenceFromHost(gpu, rule, true, manager);
    LossScale scale = new LossScale(256, manager);
    for (ClassificationLoss loss :
        new ClassificationLoss[] {
          FocalLoss.builder().build(), SigmoidFocalLoss.builder().build()
        }) {
      LossKernel composed = loss.prepare(manager, DataType.FLOAT32);
      difference = Math.max(difference, difference(loss, composed, gpu, null, manager));
      LossKernel scaled = new ScaledLoss(composed, scale);
      inHalf = Math.max(inHalf, difference(loss, scaled, gpu, scale, manager));
    }
    if (!new FusedDropout(gpu).agreesWithHost(manager)) {
      throw new IllegalStateException("dropout's masks have other bits than the host's");
    }
    if (!FusedGather.agreesWithComposed(gpu, manager)) {
      throw new IllegalStateException("the kernel's batches are other than PyTorch's");
    }
    if (difference <= TOLERANCE && inHalf <= HALF_TOLERANCE) {
      return "focal loss and AdamW are PyTorch's to %s, in float16 to %s"
          .formatted((float) difference, (float) inHalf);
    }
    throw new IllegalStateException(
        "they differ from PyTorch by %s, in float16 by %s"
            .formatted((float) difference, (float) inHalf));
  }

  private static double difference(
      ClassificationLoss loss,
      LossKernel composed,
      int gpu,
      @Nullable LossScale scale,
      NDManager manager) {
    FusedFocal fused = FusedFocal.of(loss, composed, gpu, 5, scale, manager);
    return Objects.requireNonNull(fused, "no kernel").differenceFromComposed(manager);
  }

  /** What has been agreed on was tried then. */
  private boolean agrees(String name, DoubleSupplier trial, double tolerance) {
    if (agreed != null) {
      return true;
    }
    double difference = trial.getAsDouble();
    if (difference <= tolerance) {
      LOG.debug("{} runs as one kernel, which differs by {} from the other way", name, difference);
      return true;
    }
    tell(name, "the kernel's results differ by " + difference + " from those of the other way");
    return false;
  }

  private boolean hasTheBits(String name, BooleanSupplier trial) {
    boolean has = agreed != null || trial.getAsBoolean();
    if (!has) {
      tell(name, "the kernel's results have other bits than those of the other way");
    }
    return has;
  }

  private void tell(String name, String reason) {
    if (told.add(name)) {
      LOG.warn("{} does without a kernel of this library: {}", name, reason);
    }
  }
}
