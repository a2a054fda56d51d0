package io.sparkfocal.losses;

import ai.djl.ndarray.NDArray;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.JniUtils;
import java.util.function.Supplier;

/**
 * PyTorch's autograd, for any number of threads side by side; DJL's own collector is one per JVM.
 *
 * <p>libtorch keeps one switch per thread, whether operations are recorded; threads start with it
 * on, except the one that loaded the engine.
 */
public final class Autograd {

  private Autograd() {}

  /** What {@code work} returns while operations are recorded. */
  public static <T> T recorded(Supplier<T> work) {
    return switched(true, work);
  }

  /** What {@code work} returns while nothing is recorded. */
  public static <T> T unrecorded(Supplier<T> work) {
    return switched(false, work);
  }

  private static <T> T switched(boolean on, Supplier<T> work) {
    boolean before = JniUtils.isGradMode();
    JniUtils.setGradMode(on);
    try {
      return work.get();
    } finally {
      JniUtils.setGradMode(before);
    }
  }

  /**
   * Walks back from a recorded array and adds to the gradients of what it was made of.
   *
   * @param output any shape
   * @param gradient derivative of whatever is differentiated by the output, of its shape
   * @param keepGraph whether the graph may be walked again
   */
  public static void backward(NDArray output, NDArray gradient, boolean keepGraph) {
    JniUtils.backward((PtNDArray) output, (PtNDArray) gradient, keepGraph, false);
  }
}
