package io.sparkfocal.collective.rpc;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * What precedes every piece of an operation that one rank sends to the next.
 *
 * @param attempt the run's key
 * @param sequence number of the operation
 * @param kind the operation
 * @param step step of the ring, or the root of a broadcast
 * @param offset of the payload within what the operation carries, bytes
 * @param total size of what the operation carries, bytes
 * @param length of the payload, bytes
 */
record Frame(
    long attempt, long sequence, Kind kind, int step, long offset, long total, int length) {

  /** Size of a frame without its payload; a multiple of four, so that floats stay aligned. */
  static final int HEADER_BYTES = 48;

  private static final int MAGIC = 0x464F4332;

  /** What a frame is part of. */
  enum Kind {
    HELLO(1, "connect"),
    REDUCE(2, "allReduce"),
    BROADCAST(3, "broadcast"),
    ABORT(4, "abort");

    private final int code;
    private final String label;

    Kind(int code, String label) {
      this.code = code;
      this.label = label;
    }

    private static Kind of(int code) {
      for (Kind kind : values()) {
        if (kind.code == code) {
          return kind;
        }
      }
      throw new IllegalArgumentException("not a frame");
    }
  }

  /** A frame that greets, or gives up for a reason of {@code length} bytes. */
  static Frame control(long attempt, Kind kind, int length) {
    return new Frame(attempt, 0, kind, 0, 0, length, length);
  }

  /** The part of this frame from {@code skipped} bytes on. */
  Frame part(int skipped, int bytes) {
    return new Frame(attempt, sequence, kind, step, offset + skipped, total, bytes);
  }

  /** Whether it has the place of another frame; lengths may differ. */
  boolean continues(Frame expected) {
    return part(0, 0).equals(expected.part(0, 0));
  }

  String operation() {
    return kind.label;
  }

  String describe() {
    return kind.label + " number " + sequence + " of " + total + " bytes";
  }

  /** The header as bytes, from 0 to the limit. */
  ByteBuffer encode() {
    return ByteBuffer.allocate(HEADER_BYTES)
        .putInt(MAGIC)
        .putLong(attempt)
        .putLong(sequence)
        .putInt(kind.code)
        .putInt(step)
        .putLong(offset)
        .putLong(total)
        .putInt(length)
        .flip();
  }

  /**
   * The header that the buffer's next bytes are.
   *
   * @throws IllegalArgumentException if they are none
   */
  static Frame decode(ByteBuffer bytes) {
    ByteBuffer in = bytes.duplicate().order(ByteOrder.BIG_ENDIAN);
    if (in.remaining() < HEADER_BYTES || in.getInt() != MAGIC) {
      throw new IllegalArgumentException("not a frame");
    }
    Frame frame =
        new Frame(
            in.getLong(),
            in.getLong(),
            Kind.of(in.getInt()),
            in.getInt(),
            in.getLong(),
            in.getLong(),
            in.getInt());
    if (frame.length < 0
        || frame.offset < 0
        || frame.total < frame.length
        || frame.offset > frame.total - frame.length) {
      throw new IllegalArgumentException("not a frame");
    }
    return frame;
  }
}
