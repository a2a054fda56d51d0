package io.sparkfocal.collective.rpc;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.apache.spark.network.util.TransportFrameDecoder;
import org.jspecify.annotations.Nullable;

/**
 * Cuts the bytes of the rank before into pieces of frames, as they come, without copying them.
 *
 * <p>Takes the place of Spark's own framing once that rank has greeted: a frame is not gathered
 * before it is passed on, nor answered. Every piece but the last of a frame has a multiple of four
 * bytes. Runs on a network thread and never blocks.
 */
final class FrameReader implements TransportFrameDecoder.Interceptor {

  /** Longest reason of an abort that is read. */
  static final int MOST_REASON_BYTES = 64 << 10;

  private static final int VALUE_BYTES = Float.BYTES;

  private final long attempt;
  private final Mailbox mailbox;
  private final Channel channel;
  private final ByteBuffer header = ByteBuffer.allocate(Frame.HEADER_BYTES);
  private final ByteBuffer part = ByteBuffer.allocate(VALUE_BYTES);
  private @Nullable Frame frame;
  private int done;
  private byte[] reason = new byte[0];

  FrameReader(long attempt, Mailbox mailbox, Channel channel) {
    this.attempt = attempt;
    this.mailbox = mailbox;
    this.channel = channel;
  }

  @Override
  public boolean handle(ByteBuf data) {
    while (data.isReadable()) {
      Frame current = frame;
      if (current == null) {
        readHeader(data);
      } else if (current.kind() == Frame.Kind.ABORT) {
        readReason(current, data);
      } else {
        readPayload(current, data);
      }
    }
    return true;
  }

  private void readHeader(ByteBuf data) {
    header.limit(Math.min(Frame.HEADER_BYTES, header.position() + data.readableBytes()));
    data.readBytes(header);
    if (header.position() < Frame.HEADER_BYTES) {
      return;
    }
    header.flip();
    begin(Frame.decode(header));
    header.clear();
  }

  /** Throws, which ends the channel, if the frame is none that may come. */
  private void begin(Frame next) {
    boolean carries = next.kind() == Frame.Kind.REDUCE || next.kind() == Frame.Kind.BROADCAST;
    boolean gives = next.kind() == Frame.Kind.ABORT && next.length() <= MOST_REASON_BYTES;
    if (next.attempt() != attempt || next.length() == 0 || !(carries || gives)) {
      throw new IllegalArgumentException("not a frame of this run");
    }
    frame = next;
    done = 0;
    reason = new byte[gives ? next.length() : 0];
  }

  private void readReason(Frame current, ByteBuf data) {
    int bytes = Math.min(data.readableBytes(), current.length() - done);
    data.readBytes(reason, done, bytes);
    done += bytes;
    if (done == current.length()) {
      frame = null;
      mailbox.fail(new String(reason, StandardCharsets.UTF_8));
    }
  }

  private void readPayload(Frame current, ByteBuf data) {
    int left = current.length() - done - part.position();
    int available = Math.min(data.readableBytes(), left);
    int whole = available == left ? available : available / VALUE_BYTES * VALUE_BYTES;
    if (part.position() > 0 || whole == 0) {
      readPart(current, data, Math.min(available, VALUE_BYTES - part.position()), left);
    } else {
      pass(current, data.readRetainedSlice(whole));
    }
  }

  /** A value whose bytes come one after the other. */
  private void readPart(Frame current, ByteBuf data, int bytes, int left) {
    part.limit(part.position() + bytes);
    data.readBytes(part);
    if (part.position() == VALUE_BYTES || bytes == left) {
      ByteBuf piece = Unpooled.copiedBuffer(part.flip());
      part.clear();
      pass(current, piece);
    }
    part.limit(VALUE_BYTES);
  }

  private void pass(Frame current, ByteBuf bytes) {
    int length = bytes.readableBytes();
    mailbox.offer(new Mailbox.Piece(current.part(done, length), bytes), channel.config());
    done += length;
    if (done == current.length()) {
      frame = null;
    }
  }

  /** Spark closes the channel then. */
  @Override
  public void exceptionCaught(Throwable cause) {
    mailbox.losePrevious("The channel of the rank before broke: " + cause.getMessage() + ".");
  }

  /** The receiver hears of it too. */
  @Override
  public void channelInactive() {}
}
