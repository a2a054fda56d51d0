package io.sparkfocal.network;

import ai.djl.pytorch.jni.JniUtils;
import java.util.function.Supplier;

/**
 * Whether operations of this thread are recorded for autograd.
 *
 * <p>libtorch keeps one switch per thread; threads start with it on, except the one that loaded the
 * engine.
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
}
