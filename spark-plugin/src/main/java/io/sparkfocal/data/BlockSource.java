package io.sparkfocal.data;

/** Where the blocks of an input are found. */
@FunctionalInterface
public interface BlockSource {

  /**
   * The bytes of the block of a slice, which are not to be changed, nor kept for longer than the
   * rows are in use.
   *
   * @throws RuntimeException if the block is lost or has changed
   */
  byte[] bytes(BlockSlice slice);
}
