package io.sparkfocal.train;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Everything a run remembers between two steps, the same on every rank: with it, the rows and the
 * settings, the run goes on as if it had never stopped. Random numbers need no state, since they
 * are functions of seed, step and rank.
 *
 * @param epoch the current one, from 1
 * @param step steps of it that are done
 * @param steps steps of an epoch
 * @param lossSum losses of those that are done
 * @param weightSum weights of their rows
 * @param weights values of {@link FlatParameters#all()}
 * @param optimizer what the optimizer remembers
 * @param best the best epoch so far; null if there is none
 * @param reports of the epochs before
 * @param seconds since the first step
 */
public record LoopState(
    int epoch,
    long step,
    long steps,
    double lossSum,
    double weightSum,
    Floats weights,
    OptimizerState optimizer,
    @Nullable Best best,
    List<EpochReport> reports,
    double seconds)
    implements AutoCloseable {

  /**
   * The epoch with the best validation.
   *
   * @param epoch from 1
   * @param score higher is better
   * @param weights of that epoch
   */
  public record Best(int epoch, double score, Floats weights) {}

  /** Steps of all epochs that are done. */
  public long stepsDone() {
    return (epoch - 1) * steps + step;
  }

  /** Gives back the memory or the file that its values lie in. */
  @Override
  public void close() {
    weights.close();
    optimizer.moments().values().forEach(Floats::close);
    if (best != null) {
      best.weights().close();
    }
  }
}
