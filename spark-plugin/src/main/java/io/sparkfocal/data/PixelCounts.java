package io.sparkfocal.data;

import ai.djl.ndarray.NDManager;
import io.sparkfocal.collective.TensorCollective;
import io.sparkfocal.network.ImageShape;
import java.util.Arrays;

/**
 * How often each channel has each of the 256 values of a pixel in the training rows, whatever the
 * rows weigh. Whole numbers, so their sums do not depend on how rows are dealt to ranks.
 */
final class PixelCounts {

  private static final int VALUES = 256;
  private static final double WHITE = 255;

  /** Far below the variance of a single pixel in 2^40 that is another. */
  private static final double ROUNDING = 1e-20;

  private final ImageShape shape;
  private final long[] counts;

  PixelCounts(ImageShape shape) {
    this.shape = shape;
    this.counts = new long[shape.channels() * VALUES];
  }

  /** Adds the rows of a shard, slice by slice. */
  void add(ShardRows shard) {
    int size = shape.height() * shape.width();
    byte[] pixels = new byte[shape.size()];
    for (BlockSlice slice : shard.slices()) {
      RowBlock block = shard.block(slice);
      for (int row = slice.from(); row < slice.to(); row++) {
        block.pixels(row, pixels);
        for (int c = 0; c < shape.channels(); c++) {
          for (int i = c * size; i < (c + 1) * size; i++) {
            counts[c * VALUES + (pixels[i] & 255)]++;
          }
        }
      }
    }
  }

  /** The encoding that leaves pixels as numbers from 0 to 1, as torchvision's ToTensor does. */
  ImageEncoding plain() {
    double[] ones = new double[shape.channels()];
    Arrays.fill(ones, 1);
    return new ImageEncoding(shape, new double[shape.channels()], ones);
  }

  /** The encoding that gives each channel the mean 0 and the deviation 1 over all ranks' rows. */
  ImageEncoding encoding(TensorCollective ranks, NDManager manager) {
    long[] all = TableStatistics.sum(counts, ranks, manager);
    double[] means = new double[shape.channels()];
    double[] scales = new double[shape.channels()];
    for (int c = 0; c < means.length; c++) {
      double rows = 0;
      double sum = 0;
      for (int value = 0; value < VALUES; value++) {
        rows += all[c * VALUES + value];
        sum += value / WHITE * all[c * VALUES + value];
      }
      means[c] = rows > 0 ? sum / rows : 0;
      double squares = 0;
      for (int value = 0; value < VALUES; value++) {
        double deviation = value / WHITE - means[c];
        squares += deviation * deviation * all[c * VALUES + value];
      }
      // Of a channel that is the same everywhere, squares are what rounding leaves.
      double variance = rows > 0 ? squares / rows : 0;
      scales[c] = variance > ROUNDING ? 1 / Math.sqrt(variance) : 1;
    }
    return new ImageEncoding(shape, means, scales);
  }
}
