package io.sparkfocal.train;

/**
 * How often the state of a run is kept: after so many steps, or after so much time, whichever comes
 * first; the same on every rank.
 *
 * @param steps from one to the next; 0 for no such rule
 * @param millis from one to the next, by the clock of rank 0; 0 for no such rule
 */
public record StateInterval(long steps, long millis) {

  /** It is not kept. */
  public static final StateInterval NEVER = new StateInterval(0, 0);
}
