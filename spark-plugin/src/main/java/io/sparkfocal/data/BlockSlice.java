package io.sparkfocal.data;

import org.apache.spark.sql.catalyst.expressions.XXH64;
import org.apache.spark.unsafe.Platform;

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

  /** Of all bytes of a block, in their order. */
  static long hash(byte[] block) {
    return XXH64.hashUnsafeBytes(block, Platform.BYTE_ARRAY_OFFSET, block.length, 0);
  }

  /** Whether it is a slice of that block. */
  public boolean isOf(byte[] block) {
    return hash == hash(block);
  }

  /** How many rows. */
  public int rows() {
    return to - from;
  }
}
