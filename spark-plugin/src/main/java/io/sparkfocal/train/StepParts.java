package io.sparkfocal.train;

/**
 * In how many parts a rank takes its rows of a step.
 *
 * <p>Parts have as many rows as batch norm needs, at least one. Where ranks sum within a step, all
 * take as many parts, since every part is a round of such sums; elsewhere a rank takes no more than
 * its own rows make.
 */
final class StepParts {

  private final boolean shared;
  private final int fewestRows;
  private int wanted;
  private int most = Integer.MAX_VALUE;

  /**
   * Parts of the steps to come.
   *
   * @param wanted how many are asked for, at least 1
   * @param shared whether ranks sum within a step
   * @param fewestRows that a part should have, at least 1
   */
  StepParts(int wanted, boolean shared, int fewestRows) {
    this.wanted = wanted;
    this.shared = shared;
    this.fewestRows = fewestRows;
  }

  /**
   * Tells how many rows the rank that has most of them has in each of its steps, at least: so many
   * can be cut, whatever the others have.
   */
  void rowsOfLargestRank(long rows) {
    if (shared) {
      most = cut(rows);
    }
  }

  /** Whether every rank takes as many as the others. */
  boolean areShared() {
    return shared;
  }

  /** How many are asked for. */
  int wanted() {
    return wanted;
  }

  /** Asks for so many from now on. */
  void ask(int parts) {
    wanted = parts;
  }

  /** For a step in which this rank has that many rows; the same on all ranks if shared. */
  int of(int rows) {
    return Math.min(wanted, most(rows));
  }

  /** Twice as many from now on, if rows can be cut further; returns whether they can. */
  boolean cutFurther(int rows) {
    int now = of(rows);
    wanted = (int) Math.min(most(rows), 2L * now);
    return wanted > now;
  }

  private int most(int rows) {
    return shared ? most : cut(rows);
  }

  private int cut(long rows) {
    return (int) Math.min(Integer.MAX_VALUE, Math.max(1, rows / fewestRows));
  }
}
