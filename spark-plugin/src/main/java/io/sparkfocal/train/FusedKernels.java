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
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Chooses what a GPU does in one launch where PyTorch needs many: batches of rows, focal loss with
 * its gradient, AdamW, and dropout's masks.
 *
 * <p>A kernel that cannot be made, or that computes anything else than the other way does on
 * made-up values, is not used, and the log says so. Not thread-safe.
 */
public final class FusedKernels {

  private static final Logger LOG = LoggerFactory.getLogger(FusedKernels.class);
  private static final double TOLERANCE = 1e-4;

  /** Of gradients in float16, of which both ways may round the largest to neighbours. */
  private static final double HALF_TOLERANCE = 2e-3;

  private final int gpu;
  private final Set<String> told = new HashSet<>();
  private Gather.@Nullable Maker gather;

  private FusedKernels(int gpu) {
    this.gpu = gpu;
  }

  /** Uses none. */
  public static FusedKernels none() {
    return new FusedKernels(-1);
  }

  /** Uses those for a device, which are none for a CPU. */
  public static FusedKernels on(Device device) {
    return device.isGpu() ? onGpu(device.getDeviceId()) : none();
  }

  /** Uses those for a GPU, by its number in this process. */
  static FusedKernels onGpu(int number) {
    return new FusedKernels(number);
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
    LossKernel floats = prepare.apply(loss);
    LossKernel composed = scale == null ? floats : new ScaledLoss(floats, scale);
    String name = loss.getClass().getSimpleName();
    double tolerance = scale == null ? TOLERANCE : HALF_TOLERANCE;
    LossKernel fused =
        attempted(
            name,
            () -> {
              FusedFocal kernel =
                  FusedFocal.of(loss, composed, gpu, loss.outputs(classes), scale, manager);
              return kernel == null
                      || agrees(name, kernel.differenceFromComposed(manager), tolerance)
                  ? kernel
                  : null;
            });
    return fused == null ? composed : fused;
  }

  /** Rows that lie on the device; their batches are made in one launch where they can be. */
  public Shard shard(Batch all) {
    if (gather == null) {
      gather = gather(all.labels().getManager());
    }
    return new TensorShard(all, gather);
  }

  private Gather.Maker gather(NDManager manager) {
    Gather.Maker fused =
        attempted(
            "Gather",
            () ->
                agrees("Gather", FusedGather.agreesWithComposed(gpu, manager))
                    ? FusedGather.on(gpu)
                    : null);
    return fused == null ? Gather::composed : fused;
  }

  /** Dropout's masks: made on the GPU where they can be, else on the host and copied. */
  public DropoutMask dropoutMask(NDManager manager) {
    DropoutMask fused =
        attempted(
            "Dropout",
            () -> {
              FusedDropout kernel = new FusedDropout(gpu);
              return agrees("Dropout", kernel.agreesWithHost(manager)) ? kernel : null;
            });
    return fused == null ? DropoutMask::onHost : fused;
  }

  /** The update: in one pass over the weights where it can be. */
  WeightUpdate update(
      FlatParameters parameters,
      TensorCollective collective,
      TrainingSettings settings,
      NDManager manager) {
    WeightUpdate fused =
        settings.optimizer() instanceof AdamW rule
            ? attempted("AdamW", () -> fusedAdamW(rule, parameters, collective, settings, manager))
            : null;
    if (fused != null) {
      return fused;
    }
    return manager.getDevice().isGpu()
        ? new TensorUpdate(parameters, collective, settings, manager)
        : new HostUpdate(parameters, collective, settings);
  }

  private @Nullable FusedAdamW fusedAdamW(
      AdamW rule,
      FlatParameters parameters,
      TensorCollective collective,
      TrainingSettings settings,
      NDManager manager) {
    boolean inHalf = parameters.half() != null;
    double difference = FusedAdamW.differenceFromHost(gpu, rule, inHalf, manager);
    return agrees("AdamW", difference, TOLERANCE)
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

  /** Makes something out of a kernel. */
  private interface Attempt<T> {

    /** Null if there is no kernel for it, or it computes anything else than the other way. */
    @Nullable T make();
  }

  /** What is made of a kernel; null without a GPU, or if it cannot be made, which is told. */
  private <T> @Nullable T attempted(String name, Attempt<T> attempt) {
    if (gpu < 0) {
      return null;
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

  private boolean agrees(String name, double difference, double tolerance) {
    if (difference <= tolerance) {
      LOG.debug("{} runs as one kernel, which differs by {} from the other way", name, difference);
      return true;
    }
    tell(name, "the kernel's results differ by " + difference + " from those of the other way");
    return false;
  }

  private boolean agrees(String name, boolean hasTheBits) {
    if (!hasTheBits) {
      tell(name, "the kernel's results have other bits than those of the other way");
    }
    return hasTheBits;
  }

  private void tell(String name, String reason) {
    if (told.add(name)) {
      LOG.warn("{} does without a kernel of this library: {}", name, reason);
    }
  }
}
