package io.sparkfocal.train;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.nn.Block;
import io.sparkfocal.network.SequentialBlock;
import java.util.OptionalLong;

/**
 * What a network is given of a batch: the non-zeros where it computes on them and that is faster,
 * else all features, which are made on the device just before.
 */
final class NetworkInput {

  /** A product of matrices takes so much less for a value, by measurement. */
  private static final int DENSE_IS_FASTER = 8;

  /** What a row costs beside its non-zeros, in non-zeros. */
  private static final int NON_ZEROS_FOR_A_ROW = 16;

  /** A value and its column. */
  private static final int BYTES_OF_NON_ZERO = Float.BYTES + Integer.BYTES;

  private final Block network;
  private final FlatParameters parameters;
  private final Device device;
  private final boolean takesNonZeros;
  private final long width;

  /** Of a network whose parameters are the flat ones, on a device. */
  NetworkInput(Block network, FlatParameters parameters, Device device) {
    this.network = network;
    this.parameters = parameters;
    this.device = device;
    this.takesNonZeros =
        !device.isGpu()
            && parameters.half() == null
            && network instanceof SequentialBlock layers
            && layers.takesNonZeros();
    this.width = EvaluationBatch.values(network.getInputShapes());
  }

  /** The input of the network for these rows. */
  NDList of(Batch batch) {
    NonZeros nonZeros = batch.nonZeros();
    if (nonZeros == null) {
      return new NDList(parameters.input(batch.features()));
    }
    long rows = batch.count();
    if (takesNonZeros && costInDense(nonZeros.count(), rows) <= rows * width) {
      return new NDList(batch.features(), nonZeros.rowStarts(), nonZeros.columns());
    }
    NDArray dense = nonZeros.dense(batch.features(), width);
    return new NDList(parameters.input(dense));
  }

  /** How many values of dense rows take as long. */
  private static long costInDense(long nonZeros, long rows) {
    return DENSE_IS_FASTER * (nonZeros + NON_ZEROS_FOR_A_ROW * rows);
  }

  /** How many rows of a shard an evaluation takes at once. */
  long rowsToEvaluate(Shard rows, int classes) {
    return EvaluationBatch.rows(network, featureBytes(rows.nonZerosPerRow()), classes, device);
  }

  /**
   * In how many parts at least so many rows of a shard are taken, for whose features the host has
   * no room at once; a GPU tells by itself.
   */
  int parts(Shard shard, long rows) {
    OptionalLong nonZeros = shard.nonZerosPerRow();
    if (device.isGpu() || nonZeros.isEmpty() || takesNonZeros) {
      return 1;
    }
    long atOnce = Math.max(1, EvaluationBatch.HOST_BYTES / featureBytes(nonZeros));
    return (int) Math.max(1, (rows + atOnce - 1) / atOnce);
  }

  private long featureBytes(OptionalLong nonZerosPerRow) {
    long dense = EvaluationBatch.featureBytes(network);
    if (nonZerosPerRow.isEmpty()) {
      return dense;
    }
    // The batch, the copy by columns, and the dense rows where those are faster.
    long nonZeros = Math.max(1, nonZerosPerRow.getAsLong());
    long sparse = 2 * nonZeros * BYTES_OF_NON_ZERO + Integer.BYTES;
    return sparse
        + (takesNonZeros ? Math.min(dense, costInDense(nonZeros, 1) * Float.BYTES) : dense);
  }
}
