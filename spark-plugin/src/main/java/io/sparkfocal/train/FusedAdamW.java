package io.sparkfocal.train;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.sparkfocal.collective.TensorCollective;
import io.sparkfocal.collective.local.SoloCollective;
import io.sparkfocal.cuda.KernelArguments;
import io.sparkfocal.cuda.KernelModule;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * {@link AdamW} in two launches per step, which read and write every value once: division by the
 * weight of the rows, clipping, decay, the rule, and the zeros for the next step.
 *
 * <p>The kernels are in {@code adamw.cu}.
 */
final class FusedAdamW extends DeviceUpdate {

  private static final int BLOCKS_PER_MULTIPROCESSOR = 8;

  /**
   * Blocks of the first launch at most, each of which leaves a partial sum. As many on every GPU:
   * their order decides the last bit of the norm, which has to be the same on all ranks.
   */
  private static final int MOST_PARTIALS = 1024;

  private static final int VALUES_PER_THREAD = 4;

  /** Of a trial. */
  private static final float INITIAL_SCALE = 1024;

  private final AdamW rule;
  private final float clipNorm;
  private final KernelModule kernels;
  private final NDArray weights;
  private final NDArray gradients;
  private final NDArray mean;
  private final NDArray variance;
  private final @Nullable HalfPrecision half;
  private final NDArray step;
  private final NDArray partials;
  private final int partialCount;
  private final int blocks;
  private long updates;

  /**
   * An update of float32 weights.
   *
   * @param gpu number of the GPU, in this process, on which the tensors are
   * @param weights shape (m), contiguous; changed in place
   * @param gradients shape (m + 2), contiguous, see {@link DeviceUpdate}
   * @param half what is written beside the weights, null for nothing
   * @param clipNorm largest Euclidean norm of the gradient, 0 for no limit
   * @throws IllegalStateException if the kernels cannot be made
   */
  FusedAdamW(
      int gpu,
      NDArray weights,
      NDArray gradients,
      @Nullable HalfPrecision half,
      AdamW rule,
      double clipNorm,
      TensorCollective collective,
      NDManager manager) {
    super(gradients, collective, manager);
    this.rule = rule;
    this.clipNorm = clipNorm > 0 ? (float) clipNorm : Float.POSITIVE_INFINITY;
    this.half = half;
    this.weights = weights;
    this.gradients = gradients;
    this.kernels = KernelModule.of(gpu, FusedAdamW.class, "adamw.cu", List.of());
    this.mean = manager.zeros(weights.getShape());
    this.variance = manager.zeros(weights.getShape());
    long threads = (weights.size() + VALUES_PER_THREAD - 1) / VALUES_PER_THREAD;
    this.partialCount = KernelModule.blocksAtMost(MOST_PARTIALS, threads);
    this.blocks = kernels.blocks(threads, BLOCKS_PER_MULTIPROCESSOR);
    this.step = manager.zeros(new Shape(FlatParameters.TAIL));
    this.partials = manager.zeros(new Shape(partialCount));
  }

  @Override
  void end(NDArray sums, NDArray totals, double learningRate) {
    updates++;
    double deviationCorrection = AdamW.deviationCorrection(updates);
    boolean needsNorm = Float.isFinite(clipNorm) || half != null;
    KernelArguments arguments =
        new KernelArguments()
            .add(weights)
            .add(gradients)
            .add(mean)
            .add(variance)
            .add(sums)
            .add(totals)
            .add(step)
            .add(partials)
            .addOrNull(half == null ? null : half.weights())
            .addOrNull(half == null ? null : half.scale().state())
            .add(weights.size())
            .add(needsNorm ? (long) partialCount : 0L)
            .add(clipNorm)
            .add((float) (1 - learningRate * rule.weightDecay()))
            .add((float) (learningRate * deviationCorrection / AdamW.meanCorrection(updates)))
            .add((float) (AdamW.EPSILON * deviationCorrection))
            .add((float) AdamW.BETA1)
            .add((float) AdamW.BETA2)
            .add((float) (1 - AdamW.BETA1))
            .add((float) (1 - AdamW.BETA2))
            .add((float) LossScale.STEPS_TO_DOUBLE)
            .add(LossScale.LARGEST);
    kernels.launch("squares", needsNorm ? partialCount : 1, arguments);
    kernels.launch("update", blocks, arguments);
  }

  @Override
  public OptimizerState state() {
    return AdamW.state(updates, mean, variance);
  }

  @Override
  public void restore(OptimizerState state) {
    updates = state.updates();
    state.copyTo(AdamW.MEAN, mean);
    state.copyTo(AdamW.VARIANCE, variance);
  }

  /**
   * Two updates of made-up weights, with clipping, beside those of the host; in float16 another one
   * of gradients that are not finite, and what is kept in float16.
   *
   * @return the largest difference of a number
   * @throws IllegalStateException if the kernels cannot be made
   */
  static double differenceFromHost(int gpu, AdamW rule, boolean inHalf, NDManager parent) {
    int size = 5003;
    try (NDManager manager = parent.newSubManager()) {
      NDArray weights = manager.arange((float) size).mul(0.7f).sin();
      NDArray gradients = manager.zeros(new Shape(size + FlatParameters.TAIL));
      NDArray copies = manager.zeros(new Shape(size), DataType.FLOAT16);
      LossScale scale = new LossScale(INITIAL_SCALE, manager);
      HalfPrecision half =
          inHalf ? new HalfPrecision(scale, copies, copies.zerosLike(), manager) : null;
      TensorCollective alone = new TensorCollective(new SoloCollective());
      FusedAdamW update = new FusedAdamW(gpu, weights, gradients, half, rule, 1, alone, manager);
      float[] expected = weights.toFloatArray();
      Optimizer.HostUpdater host = rule.onHost(size, manager.newSubManager(Device.cpu()));
      float rowWeight = 3;
      for (int step = 1; step <= 2; step++) {
        NDArray gradient = manager.arange((float) size).mul(0.3f * step).cos();
        gradients.get("0:" + size).addi(gradient);
        update.count(manager.create(new float[] {1, rowWeight}));
        float[] clipped = gradient.toFloatArray();
        double squares = 0;
        for (float g : clipped) {
          squares += g / rowWeight * (g / rowWeight);
        }
        float factor = (float) Math.min(1, 1 / (Math.sqrt(squares) + NORM_EPSILON));
        for (int i = 0; i < size; i++) {
          clipped[i] = clipped[i] / rowWeight * factor;
        }
        host.begin(0.01);
        for (int at = 0; at < size; at += Optimizer.HostUpdater.MOST) {
          int end = Math.min(size, at + Optimizer.HostUpdater.MOST);
          float[] piece = Arrays.copyOfRange(expected, at, end);
          host.update(at, piece, Arrays.copyOfRange(clipped, at, end), piece.length);
          System.arraycopy(piece, 0, expected, at, piece.length);
        }
        update.apply(0.01);
      }
      double difference = 0;
      if (inHalf) {
        gradients.get("7:8").addi(Float.POSITIVE_INFINITY);
        update.apply(0.01);
        NDArray rounded = weights.toType(DataType.FLOAT16, false);
        difference =
            Math.max(
                Math.abs(scale.read() - INITIAL_SCALE / 2),
                copies.sub(rounded).abs().toType(DataType.FLOAT32, false).max().toFloatArray()[0]);
      }
      difference = Math.max(difference, gradients.abs().sum().toFloatArray()[0]);
      float[] actual = weights.toFloatArray();
      for (int i = 0; i < size; i++) {
        difference = Math.max(difference, Math.abs(actual[i] - expected[i]));
      }
      return difference;
    }
  }
}
