package io.sparkfocal.collective.rpc;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.sparkfocal.collective.CollectiveException;
import java.nio.ByteBuffer;
import java.time.Duration;

/**
 * Any bytes of a peer, in portions of any size, are pieces that lie within what they belong to, or
 * end the channel.
 */
public final class FramesFuzz {

  private static final long KEY = 1;

  private FramesFuzz() {}

  /** Called with every input. */
  public static void fuzzerTestOneInput(byte[] data) {
    try {
      Frame frame = Frame.decode(ByteBuffer.wrap(data));
      require(frame, frame.length());
    } catch (IllegalArgumentException e) {
      require("not a frame".equals(e.getMessage()), "another refusal: " + e);
    }
    EmbeddedChannel channel = new EmbeddedChannel();
    Mailbox mailbox = new Mailbox();
    FrameReader reader = new FrameReader(KEY, mailbox, channel);
    try {
      int portion = data.length == 0 ? 1 : 1 + (data[data.length - 1] & 0x3F);
      for (int at = 0; at < data.length; at += portion) {
        ByteBuf bytes = Unpooled.copiedBuffer(data, at, Math.min(portion, data.length - at));
        try {
          reader.handle(bytes);
        } finally {
          bytes.release();
        }
        drain(mailbox);
      }
    } catch (IllegalArgumentException e) {
      require(String.valueOf(e.getMessage()).startsWith("not a frame"), "another refusal: " + e);
    } finally {
      mailbox.close("done");
      channel.close().syncUninterruptibly();
    }
  }

  private static void drain(Mailbox mailbox) {
    try {
      while (true) {
        Mailbox.Piece piece = mailbox.awaitPiece(Duration.ZERO, "nothing");
        require(piece.frame(), piece.bytes().readableBytes());
        piece.bytes().release();
      }
    } catch (CollectiveException e) {
      // There is nothing more, or the peer gave up.
      return;
    }
  }

  private static void require(Frame frame, int bytes) {
    require(frame.length() == bytes, "a length of its own");
    require(
        frame.offset() >= 0 && frame.offset() + frame.length() <= frame.total(), "out of bounds");
  }

  private static void require(boolean condition, String what) {
    if (!condition) {
      throw new AssertionError(what);
    }
  }

  /** Frames that a peer sends, and a greeting. */
  public static byte[][] seeds() {
    byte[] reduce = new byte[Frame.HEADER_BYTES + 12];
    ByteBuffer.wrap(reduce)
        .put(new Frame(KEY, 3, Frame.Kind.REDUCE, 1, 8, 40, 12).encode())
        .putFloat(1);
    byte[] abort = new byte[Frame.HEADER_BYTES + 5];
    ByteBuffer.wrap(abort).put(Frame.control(KEY, Frame.Kind.ABORT, 5).encode()).put((byte) 'x');
    return new byte[][] {reduce, abort, Frame.control(KEY, Frame.Kind.HELLO, 0).encode().array()};
  }
}
