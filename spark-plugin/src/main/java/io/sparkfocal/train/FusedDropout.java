package io.sparkfocal.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.sparkfocal.cuda.KernelArguments;
import io.sparkfocal.cuda.KernelModule;
import io.sparkfocal.network.CounterRandom;
import io.sparkfocal.network.DropoutMask;
import java.util.Arrays;
import java.util.List;

/**
 * Dropout's masks made where they are used, with the bits of those of the host.
 *
 * <p>The kernel is in {@code dropout.cu}.
 */
final class FusedDropout implements DropoutMask {

  private static final int BLOCKS_PER_MULTIPROCESSOR = 8;

  private final KernelModule kernels;

  /**
   * Masks on a GPU.
   *
   * @throws IllegalStateException if the kernel cannot be made
   */
  FusedDropout(int gpu) {
    kernels = KernelModule.of(gpu, FusedDropout.class, "dropout.cu", List.of());
  }

  @Override
  public NDArray of(NDManager manager, Shape shape, CounterRandom random, double rate) {
    NDArray mask = manager.create(shape, DataType.FLOAT32);
    long size = shape.size();
    if (size > 0) {
      KernelArguments arguments =
          new KernelArguments()
              .add(mask)
              .add(size)
              .add(random.state())
              .add(DropoutMask.threshold(rate))
              .add(DropoutMask.scale(rate));
      kernels.launch("mask", kernels.blocks(size, BLOCKS_PER_MULTIPROCESSOR), arguments);
    }
    return mask;
  }

  /** Whether masks have the bits of those of the host. */
  boolean agreesWithHost(NDManager parent) {
    Shape shape = new Shape(37, 101);
    try (NDManager manager = parent.newSubManager()) {
      for (double rate : new double[] {0.1, 0.5}) {
        NDArray here = of(manager, shape, CounterRandom.keyed(3, 1), rate);
        NDArray there = DropoutMask.onHost(manager, shape, CounterRandom.keyed(3, 1), rate);
        if (!Arrays.equals(here.toFloatArray(), there.toFloatArray())) {
          return false;
        }
      }
      return true;
    }
  }
}
