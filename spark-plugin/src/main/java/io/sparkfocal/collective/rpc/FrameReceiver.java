package io.sparkfocal.collective.rpc;

import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.spark.network.client.RpcResponseCallback;
import org.apache.spark.network.client.TransportClient;
import org.apache.spark.network.server.OneForOneStreamManager;
import org.apache.spark.network.server.RpcHandler;
import org.apache.spark.network.server.StreamManager;
import org.apache.spark.network.util.TransportFrameDecoder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Who may speak to a rank: the first channel that greets with the run's key is the rank before, and
 * a {@link FrameReader} reads it from then on; all other messages are dropped and counted.
 *
 * <p>With {@code spark.authenticate} a channel has proved the application's secret before it is
 * heard here. Runs on network threads and never blocks.
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
    if (frame.attempt() != attempt) {
      drop(sender, "belongs to another run");
    } else if (frame.kind() != Frame.Kind.HELLO) {
      drop(sender, "does not greet");
    } else if (!before.compareAndSet(null, sender)) {
      drop(sender, "greets a second time");
    } else {
      TransportFrameDecoder decoder =
          (TransportFrameDecoder)
              sender.getChannel().pipeline().get(TransportFrameDecoder.HANDLER_NAME);
      decoder.setInterceptor(new FrameReader(attempt, mailbox, sender.getChannel()));
      mailbox.greet();
      callback.onSuccess(ByteBuffer.allocate(0));
    }
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
