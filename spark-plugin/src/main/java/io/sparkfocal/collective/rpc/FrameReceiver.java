package io.sparkfocal.collective.rpc;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.spark.network.client.RpcResponseCallback;
import org.apache.spark.network.client.TransportClient;
import org.apache.spark.network.server.OneForOneStreamManager;
import org.apache.spark.network.server.RpcHandler;
import org.apache.spark.network.server.StreamManager;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The network side of a rank's mailbox: copies frames of this run in, drops and counts all others.
 *
 * <p>The first channel that greets with the run's key is the rank before; nobody else is heard.
 * Runs on network threads and never blocks.
 */
final class FrameReceiver extends RpcHandler {

  private static final Logger LOG = LoggerFactory.getLogger(FrameReceiver.class);

  private final long attempt;
  private final Mailbox mailbox;
  private final StreamManager streams = new OneForOneStreamManager();
  private final AtomicReference<TransportClient> before = new AtomicReference<>();
  private volatile String nameOfPrevious = "The rank before";

  FrameReceiver(long attempt, Mailbox mailbox) {
    this.attempt = attempt;
    this.mailbox = mailbox;
  }

  /** How messages name the rank before. */
  void nameOfPrevious(String name) {
    nameOfPrevious = name;
  }

  @Override
  public void receive(TransportClient sender, ByteBuffer message, RpcResponseCallback callback) {
    Frame frame;
    try {
      frame = Frame.decode(message);
    } catch (IllegalArgumentException e) {
      drop(sender, "is no frame");
      return;
    }
    if (frame.stamp().attempt() != attempt) {
      drop(sender, "belongs to another run");
    } else if (frame.stamp().kind() == Frame.Kind.HELLO) {
      greet(sender, callback);
    } else if (before.get() != sender) {
      drop(sender, "is not from the rank before");
    } else if (frame.stamp().kind() == Frame.Kind.ABORT) {
      mailbox.fail(StandardCharsets.UTF_8.decode(frame.payload()).toString());
    } else if (!mailbox.offer(new Mailbox.Delivery(copy(frame), callback))) {
      drop(sender, "came before an earlier one was taken");
    }
  }

  private void greet(TransportClient sender, RpcResponseCallback callback) {
    if (before.compareAndSet(null, sender)) {
      mailbox.greet();
      callback.onSuccess(ByteBuffer.allocate(0));
    } else {
      drop(sender, "greets a second time");
    }
  }

  private static Frame copy(Frame frame) {
    ByteBuffer payload =
        ByteBuffer.allocate(frame.payload().remaining()).order(ByteOrder.nativeOrder());
    payload.put(frame.payload()).flip();
    return new Frame(frame.stamp(), payload);
  }

  private void drop(TransportClient sender, String why) {
    mailbox.countDropped();
    LOG.warn("Dropped a message of {}: it {}", sender, why);
  }

  @Override
  public void channelInactive(TransportClient client) {
    if (before.get() == client) {
      mailbox.losePrevious(
          nameOfPrevious + " left; the log of its executor, or the cluster manager, says why.");
    }
  }

  @Override
  public StreamManager getStreamManager() {
    return streams;
  }
}
