package io.sparkfocal.collective.rpc;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * A piece of an operation between two ranks.
 *
 * @param stamp which operation and which part of it
 * @param payload bytes in the sender's native order, from 0 to the limit
 */
record Frame(Stamp stamp, ByteBuffer payload) {

  /** Size of the header before the payload. */
  static final int HEADER_BYTES = 4 + 8 + 8 + 1 + 4 + 8 + 8 + 4;

  private static final int MAGIC = 0x464F4331;

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

  /**
   * The place of a frame.
   *
   * @param attempt the run's key; frames of other runs are dropped
   * @param sequence number of the operation
   * @param kind the operation
   * @param step step of the ring, or the root of a broadcast
   * @param offset of the payload within the buffer, bytes
   * @param total size of the buffer, bytes
   */
  record Stamp(long attempt, long sequence, Kind kind, int step, long offset, long total) {

    String describe() {
      return kind.label + " number " + sequence + " of " + total + " bytes";
    }
  }

  /** Writes header and payload into {@code target}, from 0, and sets its limit. */
  static void encode(Stamp stamp, ByteBuffer payload, ByteBuffer target) {
    target
        .clear()
        .order(ByteOrder.BIG_ENDIAN)
        .putInt(MAGIC)
        .putLong(stamp.attempt())
        .putLong(stamp.sequence())
        .put((byte) stamp.kind().code)
        .putInt(stamp.step())
        .putLong(stamp.offset())
        .putLong(stamp.total())
        .putInt(payload.remaining())
        .put(payload)
        .flip();
  }

  /**
   * The frame in a message; the payload is a view of it.
   *
   * @throws IllegalArgumentException if the message is no frame
   */
  static Frame decode(ByteBuffer message) {
    ByteBuffer in = message.duplicate().order(ByteOrder.BIG_ENDIAN);
    if (in.remaining() < HEADER_BYTES || in.getInt() != MAGIC) {
      throw new IllegalArgumentException("not a frame");
    }
    long attempt = in.getLong();
    long sequence = in.getLong();
    Kind kind = Kind.of(in.get());
    int step = in.getInt();
    long offset = in.getLong();
    long total = in.getLong();
    int length = in.getInt();
    if (length != in.remaining()) {
      throw new IllegalArgumentException("not a frame");
    }
    Stamp stamp = new Stamp(attempt, sequence, kind, step, offset, total);
    return new Frame(stamp, in.slice());
  }
}
