package io.sparkfocal.train;

import ai.djl.pytorch.jni.JniUtils;
import java.util.Locale;

/** What PyTorch says when memory does not suffice, and what can be done then. */
final class OutOfMemory {

  private OutOfMemory() {}

  /** Whether the allocator of a GPU or of the host gave up: PyTorch tells it in words only. */
  static boolean isCause(Throwable failure) {
    String message = String.valueOf(failure.getMessage()).toLowerCase(Locale.ROOT);
    return message.contains("out of memory") || message.contains("can't allocate memory");
  }

  /** The first line of the message; others are PyTorch's stack. */
  static String firstLine(Throwable failure) {
    return String.valueOf(failure.getMessage()).lines().findFirst().orElse("");
  }

  /** Gives back what PyTorch's allocator holds of GPUs without using it, if there are any. */
  static void freeCache() {
    JniUtils.emptyCudaCache();
  }
}
