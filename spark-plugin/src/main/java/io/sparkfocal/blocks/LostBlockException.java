package io.sparkfocal.blocks;

/** A block is in no process, or is another one than was made: it has to be made again. */
public final class LostBlockException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  /** Of the block of that number. */
  LostBlockException(int number) {
    super("Block " + number + " of the input is lost, as after the end of an executor.");
  }
}
