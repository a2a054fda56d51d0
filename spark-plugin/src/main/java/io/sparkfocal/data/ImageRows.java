package io.sparkfocal.data;

/** Encodes the images of blocks, one after the other. */
final class ImageRows {

  private final float[][] table;
  private final byte[] pixels;
  private final float[] inputs;

  ImageRows(ImageEncoding encoding) {
    this.table = encoding.table();
    this.pixels = new byte[encoding.features()];
    this.inputs = new float[encoding.inputs()];
  }

  /** What the network takes for a row; good until the next call. */
  float[] encoded(RowBlock block, int row) {
    block.pixels(row, pixels);
    ImageEncoding.encode(pixels, table, inputs);
    return inputs;
  }
}
