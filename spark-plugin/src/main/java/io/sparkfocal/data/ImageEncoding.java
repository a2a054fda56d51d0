package io.sparkfocal.data;

import io.sparkfocal.network.ImageShape;
import org.apache.spark.ml.linalg.Vector;

/**
 * Pixels from 0 to 1, from which each channel's mean is subtracted and which are then multiplied by
 * its scale.
 *
 * @param shape of an image
 * @param means of the channels, of pixels from 0 to 1
 * @param scales of the channels
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record ImageEncoding(ImageShape shape, double[] means, double[] scales)
    implements FeatureEncoding {

  private static final int VALUES = 256;

  /** What pixels are divided by. */
  public static final double WHITE = 255;

  @Override
  public int features() {
    return shape.size();
  }

  @Override
  public int inputs() {
    return shape.size();
  }

  /** Of the means. */
  @Override
  public float[] typicalInputs() {
    return new float[shape.size()];
  }

  @Override
  public FeatureReader reader(FeatureLayout layout, boolean keeps) {
    ImageDecoder decoder = layout.images();
    float[][] table = table();
    return (row, inputs) -> {
      byte[] pixels = decoder.pixels(row.get(0));
      if (pixels == null) {
        throw new FeatureValues(layout, shape.size()).noImage(ImageDecoder.origin(row.get(0)));
      }
      encode(pixels, table, inputs);
    };
  }

  @Override
  public FeatureReader vectorReader(boolean keeps) {
    FeatureValues check = new FeatureValues(FeatureLayout.ofVector(), shape.size());
    int size = shape.size() / shape.channels();
    return (row, inputs) -> {
      double[] pixels = check.present(row.<Vector>getAs(0)).toArray();
      check.size(pixels.length);
      for (int i = 0; i < pixels.length; i++) {
        int c = i / size;
        inputs[i] = (float) ((check.narrow(pixels[i], i) / WHITE - means[c]) * scales[c]);
      }
    };
  }

  /** What the 256 values of a pixel become, by channel. */
  float[][] table() {
    float[][] table = new float[shape.channels()][VALUES];
    for (int c = 0; c < table.length; c++) {
      for (int value = 0; value < VALUES; value++) {
        table[c][value] = (float) ((value / WHITE - means[c]) * scales[c]);
      }
    }
    return table;
  }

  /** Encodes the pixels of an image, by {@link #table}. */
  static void encode(byte[] pixels, float[][] table, float[] inputs) {
    int size = inputs.length / table.length;
    for (int c = 0; c < table.length; c++) {
      float[] ofChannel = table[c];
      for (int i = c * size; i < (c + 1) * size; i++) {
        inputs[i] = ofChannel[pixels[i] & 255];
      }
    }
  }
}
