package io.sparkfocal.data;

/**
 * Rows of a block that one rank has.
 *
 * @param block number of the block among all of the input
 * @param from its first row
 * @param to the row after its last one
 * @param bytes of the whole block
 * @param hash of the values of the whole block, in their order
 */
public record BlockSlice(int block, int from, int to, int bytes, long hash) {

  /** Whether it is a slice of that block. */
  public boolean isOf(byte[] block) {
    return hash == new RowBlock(block).hashes().ordered();
  }

  /** How many rows. */
  public int rows() {
    return to - from;
  }
}
