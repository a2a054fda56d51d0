package io.sparkfocal.benchmarks;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.sparkfocal.losses.Autograd;
import io.sparkfocal.losses.ClassificationLoss;
import io.sparkfocal.losses.LossCatalogue;
import io.sparkfocal.losses.LossKernel;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Forward and backward of one loss: the mean loss of a batch and its gradient by the logits.
 *
 * <p>{@code plainSoftmax} and {@code plainSigmoid} are cross entropy as one writes it with DJL's
 * operations and differentiates by autograd.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 2, time = 300, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 300, timeUnit = TimeUnit.MILLISECONDS)
@Fork(2)
public class LossBenchmark {

  /** A loss of the catalogue, or plainSoftmax or plainSigmoid. */
  @Param("focal")
  String loss;

  /** Rows and logits per row. */
  @Param({"256x1000", "65536x2"})
  String shape;

  private NDManager manager;
  private NDArray logits;
  private NDArray labels;
  private NDArray target;
  private NDArray gradientOfMean;
  private Runnable step;

  /** Makes a seeded batch. */
  @Setup(Level.Trial)
  public void open() {
    manager = NDManager.newBaseManager("PyTorch");
    int rows = Integer.parseInt(shape.replaceFirst("x.*", ""));
    int classes = Integer.parseInt(shape.replaceFirst(".*x", ""));
    long[] counts = new long[classes];
    Random random = new Random(1);
    long[] numbers = random.longs(rows, 0, classes).toArray();
    for (int i = 0; i < classes; i++) {
      counts[i] = 1 + classes - i;
    }
    boolean plain = loss.startsWith("plain");
    boolean sigmoid =
        loss.equals("plainSigmoid")
            || (!plain && LossCatalogue.make(loss, Map.of(), counts).isSigmoid());
    float[] values = new float[rows * classes];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    logits = manager.create(values, new Shape(rows, classes));
    labels = manager.create(numbers);
    target = labels.oneHot(classes, DataType.FLOAT32);
    gradientOfMean = manager.ones(new Shape()).div(rows * (sigmoid ? classes : 1));
    step = plain ? this::plainStep : kernelStep(counts);
    if (plain) {
      logits.setRequiresGradient(true);
    }
  }

  private Runnable kernelStep(long[] counts) {
    ClassificationLoss made = LossCatalogue.make(loss, Map.of(), counts);
    LossKernel kernel = made.prepare(manager, DataType.FLOAT32);
    NDArray truth = made.isSigmoid() ? target : labels;
    return () -> kernel.evaluate(logits, truth).values().mean();
  }

  private void plainStep() {
    Autograd.recorded(
        () -> {
          NDArray mean;
          if (loss.equals("plainSoftmax")) {
            NDArray column = labels.reshape(labels.size(), 1);
            mean = logits.logSoftmax(1).gather(column, 1).neg().mean();
          } else {
            NDArray soft = logits.abs().neg().getNDArrayInternal().softPlus();
            mean = logits.getNDArrayInternal().relu().sub(logits.mul(target)).add(soft).mean();
          }
          Autograd.backward(mean, gradientOfMean.onesLike(), false);
          return mean;
        });
  }

  /** One step; what it made is freed. */
  @Benchmark
  public void step() {
    try (NDScope scope = new NDScope()) {
      scope.suppressNotUsedWarning();
      step.run();
    }
  }

  /** Frees the batch. */
  @TearDown(Level.Trial)
  public void close() {
    manager.close();
  }
}
