package io.sparkfocal.collective;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** The checks and views of buffers that every collective needs. */
public final class HostBuffers {

  private HostBuffers() {}

  /**
   * The bytes from 0 to the limit, in native order, as a view.
   *
   * @throws IllegalArgumentException if the buffer is not direct
   */
  public static ByteBuffer bytes(ByteBuffer buffer) {
    if (!buffer.isDirect()) {
      throw new IllegalArgumentException(
          "The buffer of " + buffer.limit() + " bytes is not direct; use allocateDirect.");
    }
    return buffer.duplicate().position(0).order(ByteOrder.nativeOrder());
  }

  /**
   * As above, for whole floats.
   *
   * @throws IllegalArgumentException if the buffer is not direct, not in native order, or not whole
   *     floats
   */
  public static ByteBuffer floats(ByteBuffer buffer) {
    ByteBuffer bytes = bytes(buffer);
    if (buffer.order() != ByteOrder.nativeOrder()) {
      throw new IllegalArgumentException(
          "The buffer is in " + buffer.order() + " order; use ByteOrder.nativeOrder().");
    }
    if (buffer.limit() % Float.BYTES != 0) {
      throw new IllegalArgumentException(
          "The buffer has " + buffer.limit() + " bytes, which are not whole float32 values.");
    }
    return bytes;
  }

  /**
   * The root, if it is a rank.
   *
   * @throws IllegalArgumentException if it is not
   */
  public static int root(int root, int world) {
    if (root < 0 || root >= world) {
      throw new IllegalArgumentException(
          "Root " + root + " is no rank of " + world + "; ranks are 0 to " + (world - 1) + ".");
    }
    return root;
  }
}
