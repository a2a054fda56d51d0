package io.sparkfocal.collective.rpc;

import io.sparkfocal.collective.CollectiveException;
import java.nio.ByteBuffer;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import org.apache.spark.network.client.RpcResponseCallback;
import org.apache.spark.network.client.TransportClient;

/**
 * The connection to the rank after.
 *
 * <p>A frame is copied into a buffer of the link, which is used again when the frame is
 * acknowledged; the caller's memory is free as soon as {@link #trySend} returns.
 */
final class PeerLink {

  /** Largest payload of a frame. */
  static final int CHUNK_BYTES = 512 << 10;

  private final TransportClient client;
  private final Mailbox mailbox;
  private final String peer;
  private final BlockingQueue<ByteBuffer> buffers = new ArrayBlockingQueue<>(Mailbox.CREDITS);

  PeerLink(TransportClient client, Mailbox mailbox, String peer) {
    this.client = client;
    this.mailbox = mailbox;
    this.peer = peer;
    for (int i = 0; i < Mailbox.CREDITS; i++) {
      buffers.add(ByteBuffer.allocate(Frame.HEADER_BYTES + CHUNK_BYTES));
    }
  }

  /** Sends a frame, if the peer has room for one. */
  boolean trySend(Frame.Stamp stamp, ByteBuffer payload) {
    if (!mailbox.takeCredit()) {
      return false;
    }
    ByteBuffer buffer = buffers.poll();
    if (buffer == null) {
      throw new CollectiveException("More frames are under way to " + peer + " than credits.");
    }
    Frame.encode(stamp, payload, buffer);
    client.sendRpc(buffer.duplicate(), new Acknowledgement(buffer));
    return true;
  }

  /** Greets the peer; it is heard only afterwards. */
  void greet(long attempt) {
    Frame.Stamp hello = new Frame.Stamp(attempt, 0, Frame.Kind.HELLO, 0, 0, 0);
    trySend(hello, ByteBuffer.allocate(0));
  }

  /** Tells the peer why this rank gives up; does not wait. */
  void sendAbort(long attempt, byte[] reason) {
    ByteBuffer message = ByteBuffer.allocate(Frame.HEADER_BYTES + reason.length);
    Frame.Stamp stamp = new Frame.Stamp(attempt, 0, Frame.Kind.ABORT, 0, 0, 0);
    Frame.encode(stamp, ByteBuffer.wrap(reason), message);
    client.sendRpc(message, new Ignored());
  }

  void close() {
    client.close();
  }

  /** Frees a frame's buffer and gives the credit back. */
  private final class Acknowledgement implements RpcResponseCallback {

    private final ByteBuffer buffer;

    Acknowledgement(ByteBuffer buffer) {
      this.buffer = buffer;
    }

    @Override
    public void onSuccess(ByteBuffer response) {
      buffers.add(buffer);
      mailbox.returnCredit();
    }

    @Override
    public void onFailure(Throwable cause) {
      mailbox.loseFollowing(
          peer
              + " left ("
              + cause.getMessage()
              + "); the log of its executor, or the cluster manager, says why.");
    }
  }

  private static final class Ignored implements RpcResponseCallback {

    @Override
    public void onSuccess(ByteBuffer response) {}

    @Override
    public void onFailure(Throwable cause) {}
  }
}
