package io.sparkfocal.collective.rpc;

import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.ShortBuffer;

/**
 * Values that travel as bfloat16, the upper half of a float32: the same range, 8 bits of precision,
 * half the bytes.
 *
 * <p>Sums are made in float32 and rounded, to nearest and ties to even, where they leave a rank.
 */
final class Bfloat16Wire implements Wire {

  private static final int BLOCK = 2048;

  private final float[] values = new float[BLOCK];
  private final short[] halves = new short[BLOCK];
  private FloatBuffer floats = FloatBuffer.allocate(0);
  private ByteBuffer travelling = ByteBuffer.allocateDirect(0);
  private ShortBuffer travellingHalves = travelling.asShortBuffer();
  private int bytes;

  /** For the values of this direct buffer in native order, from 0 to the limit. */
  Bfloat16Wire over(ByteBuffer buffer) {
    floats = buffer.asFloatBuffer();
    bytes = buffer.limit() / 2;
    if (travelling.capacity() < bytes) {
      travelling = ByteBuffer.allocateDirect(bytes).order(ByteOrder.nativeOrder());
      travellingHalves = travelling.asShortBuffer();
    }
    return this;
  }

  @Override
  public int valueBytes() {
    return Short.BYTES;
  }

  @Override
  public int bytes() {
    return bytes;
  }

  @Override
  public void load(int from, int to) {
    for (int at = from / 2; at < to / 2; at += BLOCK) {
      int length = Math.min(BLOCK, to / 2 - at);
      floats.get(at, values, 0, length);
      narrow(length);
      travellingHalves.put(at, halves, 0, length);
    }
  }

  @Override
  public void add(int at, ByteBuf piece) {
    ShortBuffer summands = piece.nioBuffer().order(ByteOrder.nativeOrder()).asShortBuffer();
    int place = at / 2;
    for (int from = 0; from < summands.limit(); from += BLOCK) {
      int length = Math.min(BLOCK, summands.limit() - from);
      summands.get(from, halves, 0, length);
      floats.get(place + from, values, 0, length);
      for (int i = 0; i < length; i++) {
        values[i] += widen(halves[i]);
      }
      narrow(length);
      travellingHalves.put(place + from, halves, 0, length);
    }
  }

  @Override
  public void finish(int from, int to) {
    for (int at = from / 2; at < to / 2; at += BLOCK) {
      int length = Math.min(BLOCK, to / 2 - at);
      travellingHalves.get(at, halves, 0, length);
      keep(at, length);
    }
  }

  @Override
  public void copy(int at, ByteBuf piece) {
    int length = piece.readableBytes();
    piece.getBytes(piece.readerIndex(), payload(at, length));
    finish(at, at + length);
  }

  private void keep(int at, int length) {
    for (int i = 0; i < length; i++) {
      values[i] = widen(halves[i]);
    }
    floats.put(at, values, 0, length);
  }

  private void narrow(int length) {
    for (int i = 0; i < length; i++) {
      halves[i] = narrow(values[i]);
    }
  }

  /** The nearest bfloat16, ties to even; NaN stays NaN. */
  static short narrow(float value) {
    int bits = Float.floatToRawIntBits(value);
    int rounded = bits + 0x7FFF + (bits >>> 16 & 1);
    return (short) ((Float.isNaN(value) ? bits | 0x400000 : rounded) >>> 16);
  }

  static float widen(short half) {
    return Float.intBitsToFloat(half << 16);
  }

  @Override
  public ByteBuffer payload(int at, int length) {
    return travelling.slice(at, length);
  }
}
