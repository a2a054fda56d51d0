package io.sparkfocal.collective.rpc;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.util.concurrent.Future;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import org.apache.spark.network.client.RpcResponseCallback;
import org.apache.spark.network.client.TransportClient;

/**
 * The connection to the rank after.
 *
 * <p>A payload is not copied: its memory must stay as it is until the mailbox says that all is
 * written, or {@link #settle} has returned.
 */
final class PeerLink {

  /** Largest payload that a frame begins with; what is summed is passed on in such pieces. */
  static final int CHUNK_BYTES = 256 << 10;

  private static final Duration PATIENCE_WITH_WRITES = Duration.ofSeconds(1);

  private final TransportClient client;
  private final Mailbox mailbox;
  private final String peer;

  PeerLink(TransportClient client, Mailbox mailbox, String peer) {
    this.client = client;
    this.mailbox = mailbox;
    this.peer = peer;
  }

  /** Greets the peer; it is heard only afterwards, and in frames only. */
  void greet(long attempt) {
    client.sendRpc(
        Frame.control(attempt, Frame.Kind.HELLO, 0).encode(),
        new RpcResponseCallback() {
          @Override
          public void onSuccess(ByteBuffer response) {
            mailbox.accept();
          }

          @Override
          public void onFailure(Throwable cause) {
            lose(cause);
          }
        });
  }

  /** Sends a frame; returns before it is written. */
  void send(Frame frame, ByteBuffer payload) {
    mailbox.beginWrite();
    write(frame, payload);
  }

  /** Tells the peer why this rank gives up; does not wait. */
  void sendAbort(long attempt, byte[] reason) {
    byte[] told = Arrays.copyOf(reason, Math.min(reason.length, FrameReader.MOST_REASON_BYTES));
    mailbox.beginAbort();
    write(Frame.control(attempt, Frame.Kind.ABORT, told.length), ByteBuffer.wrap(told));
  }

  private void write(Frame frame, ByteBuffer payload) {
    Channel channel = client.getChannel();
    // A heap buffer anywhere in it would make Netty copy the whole of it.
    ByteBuf header = channel.alloc().directBuffer(Frame.HEADER_BYTES).writeBytes(frame.encode());
    channel
        .writeAndFlush(Unpooled.wrappedBuffer(header, Unpooled.wrappedBuffer(payload)))
        .addListener(this::written);
  }

  private void written(Future<? super Void> write) {
    if (!write.isSuccess()) {
      lose(write.cause());
    }
    mailbox.endWrite();
  }

  private void lose(Throwable cause) {
    mailbox.loseFollowing(
        peer
            + " left ("
            + cause.getMessage()
            + "); the log of its executor, or the cluster manager, says why.");
  }

  /**
   * Returns when no payload is needed any more, if need be by closing the channel: after a failure,
   * before the caller may free its memory.
   */
  void settle() {
    if (!mailbox.awaitAllWritten(PATIENCE_WITH_WRITES)) {
      close();
    }
  }

  void close() {
    Channel channel = client.getChannel();
    channel.close().awaitUninterruptibly(PATIENCE_WITH_WRITES.toMillis());
  }
}
