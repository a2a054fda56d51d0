package io.sparkfocal.data;

/**
 * Rows of a block that one rank has.
 *
 * @param block number of the block among all of the input
 * @param from its first row
 * @param to the row after its last one
 * @param bytes of the whole block
 * @param hash of the whole block
 */
public record BlockSlice(int block, int from, int to, int bytes, long hash) {

  /** How many rows. */
  public int rows() {
    return to - from;
  }
}
