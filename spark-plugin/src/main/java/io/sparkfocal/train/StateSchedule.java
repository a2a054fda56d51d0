package io.sparkfocal.train;

import ai.djl.ndarray.NDManager;
import io.sparkfocal.collective.TensorCollective;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;

/**
 * Decides after which steps the state of a run is kept, on every rank alike, so that all can agree
 * on a state before it is kept.
 *
 * <p>Steps are counted by every rank. Time is that of rank 0, which tells the others whether a
 * state is due and in how many steps it will say so again: in half of those that it expects until
 * then, so that a step costs no message and steps that become slower are noticed. One that is due
 * by time while rank 0 cannot take it is due later, as soon as it can.
 */
final class StateSchedule {

  private static final long MOST_STEPS_UNTOLD = 1000;

  /** Looks in an interval whether a state that is late can be taken, about. */
  private static final int LOOKS = 16;

  private final StateInterval every;
  private final TensorCollective collective;
  private final NDManager manager;
  private final LongSupplier clock;
  private final BooleanSupplier takes;
  private long stepsSince;
  private long keptAt;
  private long toldAt;
  private long stepsSinceTold;
  private long stepsUntold = 1;

  /**
   * From now on.
   *
   * @param manager on the device whose tensors the collective takes
   * @param clock in nanoseconds
   * @param takes whether this rank could take a state now
   */
  StateSchedule(
      StateInterval every,
      TensorCollective collective,
      NDManager manager,
      LongSupplier clock,
      BooleanSupplier takes) {
    this.every = every;
    this.collective = collective;
    this.manager = manager;
    this.clock = clock;
    this.takes = takes;
    this.keptAt = clock.getAsLong();
    this.toldAt = keptAt;
  }

  /**
   * Whether the state after the step that has just ended is kept; to be asked after every step.
   *
   * @throws io.sparkfocal.collective.CollectiveException if another rank fails
   */
  boolean isDue() {
    stepsSince++;
    boolean due = every.steps() > 0 && stepsSince >= every.steps();
    if (every.millis() > 0 && ++stepsSinceTold >= stepsUntold) {
      due |= isTold();
    }
    if (due) {
      stepsSince = 0;
      keptAt = clock.getAsLong();
    }
    return due;
  }

  private boolean isTold() {
    long now = clock.getAsLong();
    long interval = TimeUnit.MILLISECONDS.toNanos(every.millis());
    boolean late = now - keptAt >= interval;
    boolean due = late && takes.getAsBoolean();
    long left = due ? interval : late ? 2 * interval / LOOKS : interval - (now - keptAt);
    long perStep = Math.max(1, (now - toldAt) / stepsSinceTold);
    long untold = Math.max(1, Math.min(MOST_STEPS_UNTOLD, left / perStep / 2));
    ByteBuffer own = ByteBuffer.allocate(Long.BYTES).putLong(0, due ? -untold : untold);
    long told = ByteBuffer.wrap(collective.allGather(own.array(), manager).get(0)).getLong();
    toldAt = clock.getAsLong();
    stepsSinceTold = 0;
    stepsUntold = Math.abs(told);
    return told < 0;
  }
}
