package io.sparkfocal.network;

import ai.djl.nn.Block;
import io.sparkfocal.collective.TensorCollective;
import io.sparkfocal.collective.local.SoloCollective;
import java.util.Arrays;
import java.util.List;

/**
 * Makes the layers that depend on the training run, and numbers them in the order of their making.
 *
 * <p>The number is part of the key of a layer's random numbers, so a provider must make its layers
 * in the same order on every rank.
 */
public final class Layers {

  private final RankStep step;
  private int nextLayer;

  /** Layers that work in the run that {@code step} belongs to. */
  public Layers(RankStep step) {
    this.step = step;
  }

  /** Layers of a network that only scores: dropout and the batch's statistics are not used. */
  public static Layers forInference() {
    return new Layers(new RankStep(0, new TensorCollective(new SoloCollective())));
  }

  /**
   * Zeroes each value with probability {@code rate} while training and scales the others by 1 / (1
   * - rate); passes its input through otherwise.
   *
   * <p>The mask is a function of seed, step, rank and layer alone (Srivastava et al. 2014).
   *
   * @param rate from 0 inclusive to 1 exclusive
   * @throws IllegalArgumentException if the rate is outside that range
   */
  public Block dropout(double rate) {
    return new CounterDropout(rate, nextLayer++, step);
  }

  /** Dropouts of the hidden layers of an ensemble; the rate is as above. */
  List<SharedDropout> sharedDropouts(double rate, int... hiddenLayers) {
    CounterDropout.requireRate(rate);
    return Arrays.stream(hiddenLayers)
        .mapToObj(units -> new SharedDropout(rate, nextLayer++, step))
        .toList();
  }

  /** A linear layer that takes rows by their non-zeros too, where it is the first. */
  Block linear(long units, boolean bias) {
    return new Linear(units, bias, step);
  }

  /**
   * Batch norm over the rows of all ranks (Ioffe and Szegedy, arXiv 1502.03167), for inputs of
   * shape (B, F), or (B, C, ...) whose places all count; momentum 0.1, epsilon 1e-5, as in PyTorch.
   *
   * <p>A linear or convolutional layer before it should have no bias: the mean removes it. A single
   * value of a channel over all ranks becomes beta and leaves the running statistics as they are.
   */
  public Block batchNorm() {
    return batchNorm(false);
  }

  /**
   * As above, over the rows of each rank alone if local: no sums over ranks in a step, but small
   * parts of a batch have other statistics than the whole, and rank 0's running statistics are
   * kept.
   */
  public Block batchNorm(boolean local) {
    nextLayer++;
    return new SyncBatchNorm(step, local);
  }
}
