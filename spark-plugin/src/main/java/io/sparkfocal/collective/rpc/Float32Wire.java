package io.sparkfocal.collective.rpc;

import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;

/** Values that travel as they are, out of and into the caller's buffer. */
final class Float32Wire implements Wire {

  /** So many values that two blocks of them fit the first-level cache. */
  private static final int BLOCK = 2048;

  private final float[] mine = new float[BLOCK];
  private final float[] theirs = new float[BLOCK];
  private ByteBuffer buffer = ByteBuffer.allocate(0);
  private FloatBuffer floats = buffer.asFloatBuffer();

  /** For the values of this direct buffer in native order, from 0 to the limit. */
  Float32Wire over(ByteBuffer values) {
    buffer = values;
    floats = values.asFloatBuffer();
    return this;
  }

  @Override
  public int valueBytes() {
    return Float.BYTES;
  }

  @Override
  public int bytes() {
    return buffer.limit();
  }

  @Override
  public void load(int from, int to) {}

  @Override
  public void add(int at, ByteBuf piece) {
    FloatBuffer summands = piece.nioBuffer().order(ByteOrder.nativeOrder()).asFloatBuffer();
    int place = at / Float.BYTES;
    for (int from = 0; from < summands.limit(); from += BLOCK) {
      int length = Math.min(BLOCK, summands.limit() - from);
      summands.get(from, theirs, 0, length);
      floats.get(place + from, mine, 0, length);
      for (int i = 0; i < length; i++) {
        mine[i] += theirs[i];
      }
      floats.put(place + from, mine, 0, length);
    }
  }

  @Override
  public void finish(int from, int to) {}

  @Override
  public void copy(int at, ByteBuf piece) {
    piece.getBytes(piece.readerIndex(), payload(at, piece.readableBytes()));
  }

  @Override
  public ByteBuffer payload(int at, int length) {
    return buffer.slice(at, length);
  }
}
