package io.sparkfocal.collective.nccl;

import io.sparkfocal.collective.Collective;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What a control collective tells of ranks that gave up or left. For any thread.
 *
 * <p>A rank that gave up has said why. One that left may be about to, so it is given some time.
 */
final class ControlFailure {

  /** How long a rank that left may take to say why, before this one gives up by itself. */
  static final Duration GRACE = Duration.ofSeconds(2);

  private final Collective control;
  private volatile long since;
  private volatile boolean seen;

  ControlFailure(Collective control) {
    this.control = control;
  }

  /** Why nobody should wait for the other ranks; null while that is not certain. */
  @Nullable String reason() {
    String reason = control.failure();
    if (reason == null || control.isAborted()) {
      return reason;
    }
    if (!seen) {
      since = System.nanoTime();
      seen = true;
    }
    return System.nanoTime() - since > GRACE.toNanos() ? reason : null;
  }
}
