package io.sparkfocal.network;

import ai.djl.ndarray.NDArray;
import ai.djl.nn.Parameter;
import io.sparkfocal.collective.TensorCollective;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;

/**
 * What a layer may know of the training step it runs in: seed, step number, rank, the other ranks,
 * and the tape that carries gradients over places where autograd is cut.
 *
 * <p>Belongs to one rank and its thread.
 */
public final class RankStep {

  private final long seed;
  private final TensorCollective collective;
  private final DropoutMask masks;
  private final BackwardTape tape = new BackwardTape();
  private long number;
  private final Set<Parameter> ofAllRanks = Collections.newSetFromMap(new IdentityHashMap<>());
  private int fewestRows = 1;

  /** A run with this seed on this rank, before its first step; masks are made on the host. */
  public RankStep(long seed, TensorCollective collective) {
    this(seed, collective, DropoutMask::onHost);
  }

  /** As above, with masks that are made elsewhere. */
  public RankStep(long seed, TensorCollective collective, DropoutMask masks) {
    this.seed = seed;
    this.collective = collective;
    this.masks = masks;
  }

  /** Begins step {@code number}, with an empty tape. */
  public void begin(long number) {
    this.number = number;
    tape.clear();
  }

  /** The tape of the current step. */
  public BackwardTape tape() {
    return tape;
  }

  /**
   * Whether a layer normalizes by the batch, and moves running statistics in every part of a step.
   */
  public boolean movesStatistics() {
    return !ofAllRanks.isEmpty();
  }

  /** Whether a layer sums over the ranks within a step, so that all have to run equally many. */
  public boolean sumsOverRanks() {
    return movesStatistics() && collective.world() > 1;
  }

  /** Rows that a part of a step should have at least for the statistics of every layer. */
  public int fewestRows() {
    return fewestRows;
  }

  /** Whether a parameter is a running statistic of the rows of all ranks. */
  public boolean isOfAllRanks(Parameter parameter) {
    return ofAllRanks.contains(parameter);
  }

  /** A layer normalizes by the rows of all ranks, and keeps such statistics. */
  void normalizes(Parameter... statistics) {
    ofAllRanks.addAll(List.of(statistics));
  }

  /** A layer that normalizes takes so many values of a channel from a row. */
  void takesFromRow(long valuesOfRow) {
    fewestRows = Math.max(fewestRows, valuesOfRow > 1 ? 1 : 2);
  }

  TensorCollective collective() {
    return collective;
  }

  /** The mask of one layer in this step on this rank, for an input of that shape and device. */
  NDArray dropoutMask(int layer, NDArray input, double rate) {
    CounterRandom random = CounterRandom.keyed(seed, number, collective.rank(), layer);
    return masks.of(input.getManager(), input.getShape(), random, rate);
  }
}
