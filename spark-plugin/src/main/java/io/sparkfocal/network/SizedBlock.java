package io.sparkfocal.network;

/** A block of many operations that knows what they need, which no shapes of children tell. */
interface SizedBlock {

  /** Bytes of what is made of a row while scoring, the output included and the input not. */
  long bytesPerRow();
}
