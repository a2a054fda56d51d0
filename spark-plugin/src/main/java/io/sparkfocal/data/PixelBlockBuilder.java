package io.sparkfocal.data;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/** Rows that are images, a byte for each value. */
final class PixelBlockBuilder implements BlockBuilder {

  private final int width;
  private final RowLabels labels;
  private int rows;
  private byte[] pixels;

  /**
   * For images of so many values.
   *
   * @param targets of a row with several labels; 0 where it has one class
   */
  PixelBlockBuilder(int width, int targets) {
    this.width = width;
    this.labels = new RowLabels(targets);
    this.pixels = new byte[width];
  }

  @Override
  public int rows() {
    return rows;
  }

  @Override
  public boolean isFull() {
    return rows > 0 && (bytes(rows + 1) > BYTES || rows == ShardRows.MOST_ROWS_OF_BLOCK);
  }

  private long bytes(int ofRows) {
    return Integer.BYTES * (RowBlock.HEADER_INTS + labels.numbers(ofRows))
        + RowBlock.padded((long) ofRows * width);
  }

  @Override
  public void add(ParsedRow row) {
    if ((rows + 1) * width > pixels.length) {
      long most = Math.max((rows + 1L) * width, Math.min(2L * pixels.length, BYTES));
      pixels = Arrays.copyOf(pixels, Math.toIntExact(most));
    }
    System.arraycopy(row.pixels(), 0, pixels, rows * width, width);
    labels.add(row);
    rows++;
  }

  @Override
  public Block take() {
    byte[] bytes = new byte[Math.toIntExact(bytes(rows))];
    ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    buffer.putInt(rows).putInt(width).putInt(RowBlock.PIXELS | labels.flags()).putInt(0);
    buffer.putInt(rows * width).putInt(labels.targets());
    labels.put(buffer, rows);
    buffer.put(pixels, 0, rows * width);
    labels.drop(rows);
    rows = 0;
    return Block.of(bytes);
  }
}
