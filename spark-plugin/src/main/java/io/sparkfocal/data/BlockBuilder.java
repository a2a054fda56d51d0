package io.sparkfocal.data;

/** Collects rows of one form until they fill a {@link RowBlock}. */
interface BlockBuilder {

  /**
   * Of a block; an array of this size fills whole regions of G1, which wastes the rest of the last
   * one that a large array begins.
   */
  int BYTES = (2 << 20) - 64;

  /**
   * A finished block.
   *
   * @param hash of all values, in their order
   * @param content sum of a hash of every row, the same for the same rows in any order, of any
   *     blocks
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  record Block(byte[] bytes, int rows, long hash, long content) {

    /** Of bytes that {@link RowBlock} reads. */
    static Block of(byte... bytes) {
      RowBlock block = new RowBlock(bytes);
      RowBlock.Hashes hashes = block.hashes();
      return new Block(bytes, block.rows(), hashes.ordered(), hashes.sum());
    }
  }

  /** How many rows there are. */
  int rows();

  /** Whether there is no room for another row like the last one. */
  boolean isFull();

  /** Adds a row of this form. */
  void add(ParsedRow row);

  /** Makes a block of as many rows as it has room for; those that are left begin the next one. */
  Block take();
}
