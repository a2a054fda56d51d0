package io.sparkfocal.job;

import java.time.Duration;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/** Says what somebody waits for: after five seconds, then once a minute. */
final class WaitLog {

  private static final long FIRST = Duration.ofSeconds(5).toNanos();
  private static final long NEXT = Duration.ofMinutes(1).toNanos();

  private final Consumer<String> log;
  private final LongSupplier nanoTime;
  private long last;
  private long pause;

  /** A wait that begins now, whose sentences go there. */
  WaitLog(Consumer<String> log) {
    this(log, System::nanoTime);
  }

  WaitLog(Consumer<String> log, LongSupplier nanoTime) {
    this.log = log;
    this.nanoTime = nanoTime;
    restart();
  }

  /** Nobody waits any longer, or for something else from now on. */
  void restart() {
    last = nanoTime.getAsLong();
    pause = FIRST;
  }

  /** Says it if it is time to; makes the sentence only then. */
  void say(Supplier<String> sentence) {
    if (nanoTime.getAsLong() - last >= pause) {
      log.accept(sentence.get());
      last = nanoTime.getAsLong();
      pause = NEXT;
    }
  }
}
