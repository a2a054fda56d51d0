package io.sparkfocal.train;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.nn.Block;
import io.sparkfocal.collective.TensorCollective;
import io.sparkfocal.compat.TensorCopy;
import io.sparkfocal.network.RankStep;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Locale;
import java.util.function.UnaryOperator;
import java.util.zip.CRC32C;

/**
 * Whether all ranks have the same bits in their weights, as they must: gradients are summed over
 * ranks, weights never.
 *
 * <p>Running statistics of layers that know nothing of the other ranks (DJL's own batch norm) are
 * those of rank 0 from then on, as they are in PyTorch's {@code DistributedDataParallel}.
 */
final class SameWeights {

  /** Values that are copied from a GPU at once, 16 MiB. */
  private static final long PIECE = 1 << 22;

  private final NDArray weights;
  private final List<NDArray> statisticsOfRanks;
  private final TensorCollective collective;
  private final NDManager manager;

  /**
   * A comparison of weights.
   *
   * @param network whose parameters are the flat ones
   * @param rankStep the one that the network's layers were made with
   * @param manager on the device of the weights
   */
  SameWeights(
      Block network,
      FlatParameters parameters,
      RankStep rankStep,
      TensorCollective collective,
      NDManager manager) {
    this.weights = parameters.all();
    this.statisticsOfRanks =
        parameters.views(network, p -> FlatParameters.isStatistics(p) && !rankStep.isOfAllRanks(p));
    this.collective = collective;
    this.manager = manager;
  }

  /** Gives every rank the statistics that each has of its own rows: those of rank 0. */
  void shareStatistics() {
    if (collective.world() > 1) {
      statisticsOfRanks.forEach(statistics -> collective.broadcast(statistics, 0));
    }
  }

  /**
   * Compares a hash of the weights over all ranks, after that epoch, and after {@link
   * #shareStatistics}.
   *
   * @throws DivergedException if a rank has others than rank 0
   */
  void require(int epoch) {
    if (collective.world() == 1) {
      return;
    }
    byte[] own = ByteBuffer.allocate(Integer.BYTES).putInt((int) hash(weights)).array();
    List<Integer> ofRanks =
        collective.allGather(own, manager).stream()
            .map(bytes -> ByteBuffer.wrap(bytes).getInt())
            .toList();
    for (int rank = 1; rank < ofRanks.size(); rank++) {
      if (!ofRanks.get(rank).equals(ofRanks.get(0))) {
        throw new DivergedException(
            String.format(
                Locale.ROOT,
                "After epoch %d rank %d has other weights than rank 0, though every rank makes the same updates; give all ranks the same kind of GPU, driver and libraries, and let layers of your own change no parameter by what one rank alone knows.",
                epoch,
                rank));
      }
    }
  }

  /** CRC-32C of the bytes of a vector, as they lie in memory. */
  static long hash(NDArray weights) {
    CRC32C hash = new CRC32C();
    if (weights.getDevice().isGpu()) {
      try (NDManager host = NDManager.newBaseManager(Device.cpu(), "PyTorch")) {
        update(hash, weights, piece -> TensorCopy.to(host, piece));
      }
    } else {
      update(hash, weights, piece -> piece);
    }
    return hash.getValue();
  }

  private static void update(CRC32C hash, NDArray weights, UnaryOperator<NDArray> onHost) {
    for (long from = 0; from < weights.size(); from += PIECE) {
      try (NDScope scope = new NDScope()) {
        scope.suppressNotUsedWarning();
        NDArray piece = weights.get(from + ":" + Math.min(weights.size(), from + PIECE));
        // The scope closes the piece and its copy.
        hash.update(onHost.apply(piece).toByteBuffer(true));
      }
    }
  }
}
