package io.sparkfocal.job;

import ai.djl.ndarray.types.DataType;
import io.sparkfocal.network.MlpNetwork;
import io.sparkfocal.network.NetworkDescription;
import java.util.Arrays;
import java.util.Locale;
import org.apache.spark.SparkConf;
import org.jspecify.annotations.Nullable;

/**
 * What an executor needs outside its heap, which the cluster's containers limit by {@code
 * spark.executor.memoryOverhead}: PyTorch's library once, and for each rank the weights, gradients
 * and what the optimizer remembers, the weights of the best epoch, and the values of a step; for
 * rank 0 the copy of a state that is being written. Rows lie on the heap.
 *
 * @param library bytes of the library
 * @param weights bytes of one rank's weights and gradients, and of what belongs to them
 * @param checkpoint bytes of the copy for a checkpoint
 * @param step bytes of one rank's step
 * @param ranks of one executor
 */
record NativeMemory(long library, long weights, long checkpoint, long step, int ranks) {

  private static final long MIB = 1 << 20;
  private static final long LIBRARY = 400 * MIB;

  /** With CUDA's libraries, a context and pinned batches; an estimate. */
  private static final long LIBRARY_WITH_CUDA = 3 * 1024 * MIB;

  /**
   * Bytes for a parameter: its value, its gradient, and what the backward pass gives before that is
   * added; in float16 copies of both, and those that take back a step.
   */
  private static final int BYTES = 12;

  private static final int BYTES_FLOAT16 = 32;

  /** Output, activation and their gradients, per unit and row. */
  private static final int VALUES_PER_UNIT = 4;

  private static final double FACTOR = 0.1;
  private static final long LEAST_OVERHEAD_MIB = 384;

  /**
   * Of a training; a network of the user's own counts without its weights, which only a rank knows.
   *
   * @param conf the application's
   */
  static NativeMemory of(TrainingPlan plan, SparkConf conf) {
    NetworkDescription network = plan.network();
    boolean known = network.provider().equals(MlpNetwork.class.getName());
    long parameters =
        known
            ? MlpNetwork.parameterCount(network.features(), network.outputs(), network.arguments())
            : 0;
    boolean gpu = plan.device().mayUseGpu(conf);
    long rows = Math.max(1, plan.settings().batchSize() / plan.workers());
    long units = network.outputs() + (known ? units(network.arguments().get("hiddenLayers")) : 0);
    int bytes = plan.settings().dataType() == DataType.FLOAT32 ? BYTES : BYTES_FLOAT16;
    int moments = plan.settings().optimizer().momentCount() * Float.BYTES;
    int best = plan.columns().validation() == null ? 0 : Float.BYTES;
    return new NativeMemory(
        gpu ? LIBRARY_WITH_CUDA : LIBRARY,
        // What is computed with on a GPU lies there; copies do not.
        parameters * (best + (gpu ? 0 : bytes + moments)),
        plan.checkpoints() == null ? 0 : parameters * (Float.BYTES + moments),
        rows
            * Float.BYTES
            * ((plan.sparse() ? 0 : network.features()) + (gpu ? 0 : VALUES_PER_UNIT * units)),
        Math.min(plan.workers(), ranksOfExecutor(conf)));
  }

  private static long units(@Nullable String hiddenLayers) {
    return hiddenLayers == null || hiddenLayers.isEmpty()
        ? 0
        : Arrays.stream(hiddenLayers.split(",")).mapToLong(Long::parseLong).sum();
  }

  /** YARN and Kubernetes give an executor one core where nothing is set. */
  private static int ranksOfExecutor(SparkConf conf) {
    return Math.max(
        1, conf.getInt("spark.executor.cores", 1) / Math.max(1, conf.getInt("spark.task.cpus", 1)));
  }

  /** All of an executor. */
  long bytes() {
    return library + checkpoint + ranks * (weights + step);
  }

  /**
   * Says if the executors' containers are too small; null if they are not, or nobody limits them.
   *
   * @param conf the application's
   * @param master of the application
   * @param version of Spark
   */
  @Nullable String shortage(SparkConf conf, String master, String version) {
    boolean kubernetes = master.startsWith("k8s");
    if (!kubernetes && !master.startsWith("yarn")) {
      return null;
    }
    long there = overheadMib(conf, kubernetes, version);
    long needed = (bytes() + MIB - 1) / MIB;
    return there >= needed
        ? null
        : String.format(
            Locale.ROOT,
            "An executor needs about %d MiB outside its heap (PyTorch %d MiB, a checkpoint that is being written %d MiB, and %d ranks with %d MiB of weights, gradients and moments and %d MiB of a step each), but its container has %d MiB for that and may be killed; set spark.executor.memoryOverhead to %dm, or raise spark.executor.memoryOverheadFactor.",
            needed,
            library / MIB,
            checkpoint / MIB,
            ranks,
            weights / MIB,
            step / MIB,
            there,
            needed);
  }

  /** As Spark computes it for YARN and for Kubernetes. */
  private static long overheadMib(SparkConf conf, boolean kubernetes, String version) {
    if (conf.contains("spark.executor.memoryOverhead")) {
      return conf.getSizeAsMb("spark.executor.memoryOverhead");
    }
    double ofCluster =
        kubernetes ? conf.getDouble("spark.kubernetes.memoryOverheadFactor", FACTOR) : FACTOR;
    double factor = conf.getDouble("spark.executor.memoryOverheadFactor", ofCluster);
    String least = "spark.executor.minMemoryOverhead";
    long atLeast =
        conf.contains(least) && !version.startsWith("3.")
            ? conf.getSizeAsMb(least)
            : LEAST_OVERHEAD_MIB;
    return Math.max((long) (factor * conf.getSizeAsMb("spark.executor.memory", "1g")), atLeast);
  }
}
