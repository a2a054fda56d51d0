package io.sparkfocal.train;

import ai.djl.ndarray.NDArray;
import ai.djl.nn.Block;
import io.sparkfocal.compat.TensorCopy;
import io.sparkfocal.network.RankStep;
import java.util.List;
import java.util.stream.Stream;

/**
 * Running statistics of a network's layers, for a step that is taken back.
 *
 * <p>Layers of {@link io.sparkfocal.network.Layers} move theirs at the end of a part of a step,
 * those of DJL, which know nothing of parts, in the forward pass.
 */
final class RunningStatistics {

  private final List<NDArray> movedAfterParts;
  private final List<NDArray> all;

  /** Of a network, whose parameters are the flat ones. */
  RunningStatistics(Block network, FlatParameters parameters, RankStep rankStep) {
    this.movedAfterParts =
        parameters.views(network, p -> FlatParameters.isStatistics(p) && rankStep.isOfAllRanks(p));
    this.all =
        Stream.concat(
                movedAfterParts.stream(),
                parameters
                    .views(
                        network, p -> FlatParameters.isStatistics(p) && !rankStep.isOfAllRanks(p))
                    .stream())
            .toList();
  }

  /**
   * Copies what a failing step may have moved; the result puts it back.
   *
   * @param severalParts whether the step may fail after the end of a part
   */
  Runnable copied(boolean severalParts) {
    List<NDArray> moved = severalParts ? all : all.subList(movedAfterParts.size(), all.size());
    List<NDArray> copies = moved.stream().map(NDArray::duplicate).toList();
    return () -> {
      for (int i = 0; i < copies.size(); i++) {
        TensorCopy.into(moved.get(i), copies.get(i));
      }
    };
  }
}
