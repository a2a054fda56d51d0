package io.sparkfocal.collective.rpc;

import io.sparkfocal.collective.Collective;
import io.sparkfocal.collective.CollectiveException;
import io.sparkfocal.collective.HostBuffers;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One rank of a ring: each rank sends to the next and hears the one before.
 *
 * <p>All-reduce is reduce-scatter, then all-gather (Patarasuk and Yuan 2009): the values are cut
 * into as many segments as there are ranks; a segment's sum starts at the rank of its number and
 * grows round the ring, so the order of summation depends on rank numbers alone, and every rank
 * ends with the bits that one rank computed.
 */
final class RingCollective implements Collective {

  private static final Duration FAREWELL = Duration.ofSeconds(5);

  private final int rank;
  private final List<String> addresses;
  private final long attempt;
  private final Mailbox mailbox;
  private final PeerLink next;
  private final Duration timeout;
  private final float[] own = new float[PeerLink.CHUNK_BYTES / Float.BYTES];
  private final float[] theirs = new float[PeerLink.CHUNK_BYTES / Float.BYTES];
  private long sequence;
  private boolean closed;

  RingCollective(
      int rank,
      List<String> addresses,
      long attempt,
      Mailbox mailbox,
      PeerLink next,
      Duration timeout) {
    this.rank = rank;
    this.addresses = addresses;
    this.attempt = attempt;
    this.mailbox = mailbox;
    this.next = next;
    this.timeout = timeout;
    mailbox.relayTo(s -> next.sendAbort(attempt, s.getBytes(StandardCharsets.UTF_8)));
  }

  @Override
  public int rank() {
    return rank;
  }

  @Override
  public int world() {
    return addresses.size();
  }

  @Override
  public void allReduce(ByteBuffer values) {
    ByteBuffer bytes = HostBuffers.floats(values);
    together(() -> reduce(bytes));
  }

  /** Runs one operation; if it fails here, it fails on every rank. */
  private void together(Runnable operation) {
    mailbox.requireRunning();
    sequence++;
    try {
      operation.run();
    } catch (CollectiveException e) {
      mailbox.fail(String.valueOf(e.getMessage()));
      throw e;
    }
  }

  private void reduce(ByteBuffer bytes) {
    int world = world();
    for (int step = 0; step < world - 1; step++) {
      pass(bytes, step, rank - step, rank - step - 1, this::add);
    }
    for (int step = 0; step < world - 1; step++) {
      pass(bytes, world + step, rank + 1 - step, rank - step, RingCollective::copy);
    }
  }

  /** What to do with a payload at its place in the buffer. */
  private interface Arrival {
    void at(ByteBuffer buffer, int offset, ByteBuffer payload);
  }

  /** Sends one segment and receives another, chunk by chunk, both at once. */
  private void pass(ByteBuffer bytes, int step, int sent, int received, Arrival arrival) {
    int sendAt = segment(bytes, sent);
    int sendEnd = segment(bytes, sent, 1);
    int receiveAt = segment(bytes, received);
    int receiveEnd = segment(bytes, received, 1);
    while (sendAt < sendEnd || receiveAt < receiveEnd) {
      if (sendAt < sendEnd) {
        int length = Math.min(PeerLink.CHUNK_BYTES, sendEnd - sendAt);
        Frame.Stamp stamp = stamp(Frame.Kind.REDUCE, step, sendAt, bytes.limit());
        if (next.trySend(stamp, bytes.slice(sendAt, length))) {
          sendAt += length;
          continue;
        }
      }
      Mailbox.@Nullable Delivery delivery = receiveAt < receiveEnd ? mailbox.poll() : null;
      if (delivery != null) {
        int length = Math.min(PeerLink.CHUNK_BYTES, receiveEnd - receiveAt);
        Frame.Stamp expected = stamp(Frame.Kind.REDUCE, step, receiveAt, bytes.limit());
        arrival.at(bytes, receiveAt, payload(delivery, expected, length));
        receiveAt += length;
      } else if (receiveAt < receiveEnd) {
        mailbox.awaitFrame(sendAt < sendEnd, timeout, lateness(previous(), "allReduce"));
      } else {
        mailbox.awaitCredit(timeout, lateness(following(), "allReduce"));
      }
    }
  }

  /** Acknowledges a frame and returns its payload, if it is the expected one. */
  private ByteBuffer payload(Mailbox.Delivery delivery, Frame.Stamp expected, int length) {
    Frame.Stamp stamp = delivery.frame().stamp();
    ByteBuffer payload = delivery.frame().payload();
    if (!stamp.equals(expected) || payload.remaining() != length) {
      throw new CollectiveException(
          "Ranks called different operations: rank %d %s, rank %d %s."
              .formatted(rank, expected.describe(), previous(), stamp.describe()));
    }
    delivery.acknowledge();
    return payload;
  }

  private void add(ByteBuffer bytes, int offset, ByteBuffer payload) {
    int length = payload.remaining() / Float.BYTES;
    FloatBuffer mine =
        bytes.slice(offset, payload.remaining()).order(ByteOrder.nativeOrder()).asFloatBuffer();
    mine.get(0, own, 0, length);
    payload.asFloatBuffer().get(0, theirs, 0, length);
    for (int i = 0; i < length; i++) {
      own[i] += theirs[i];
    }
    mine.put(0, own, 0, length);
  }

  private static void copy(ByteBuffer bytes, int offset, ByteBuffer payload) {
    bytes.put(offset, payload, 0, payload.remaining());
  }

  private int segment(ByteBuffer bytes, int number) {
    return segment(bytes, number, 0);
  }

  /** Where segment {@code number} (modulo the world) begins, or with {@code plus} 1 ends. */
  private int segment(ByteBuffer bytes, int number, int plus) {
    long floats = bytes.limit() / Float.BYTES;
    int index = Math.floorMod(number, world()) + plus;
    return (int) (floats * index / world()) * Float.BYTES;
  }

  @Override
  public void broadcast(ByteBuffer buffer, int root) {
    ByteBuffer bytes = HostBuffers.bytes(buffer);
    HostBuffers.root(root, world());
    together(() -> pass(bytes, root));
  }

  /** Takes the root's bytes from the rank before and hands them on, chunk by chunk. */
  private void pass(ByteBuffer bytes, int root) {
    int distance = Math.floorMod(rank - root, world());
    for (int at = 0; at < bytes.limit(); at += PeerLink.CHUNK_BYTES) {
      int length = Math.min(PeerLink.CHUNK_BYTES, bytes.limit() - at);
      Frame.Stamp stamp = stamp(Frame.Kind.BROADCAST, root, at, bytes.limit());
      if (distance > 0) {
        mailbox.awaitFrame(false, timeout, lateness(previous(), "broadcast"));
        Mailbox.@Nullable Delivery delivery = mailbox.poll();
        copy(bytes, at, payload(Objects.requireNonNull(delivery), stamp, length));
      }
      if (distance < world() - 1) {
        while (!next.trySend(stamp, bytes.slice(at, length))) {
          mailbox.awaitCredit(timeout, lateness(following(), "broadcast"));
        }
      }
    }
  }

  @Override
  public void barrier() {
    allReduce(ByteBuffer.allocateDirect(Float.BYTES).order(ByteOrder.nativeOrder()));
  }

  private Frame.Stamp stamp(Frame.Kind kind, int step, int offset, int total) {
    return new Frame.Stamp(attempt, sequence, kind, step, offset, total);
  }

  private int previous() {
    return Math.floorMod(rank - 1, world());
  }

  private int following() {
    return (rank + 1) % world();
  }

  private String lateness(int peer, String operation) {
    return lateness(rank, addresses, peer, operation, timeout);
  }

  static String lateness(
      int rank, List<String> addresses, int peer, String operation, Duration timeout) {
    return "Rank %d of %d waited %d ms for rank %d (%s) in %s; raise spark.focal.collective.timeout if it is merely slow."
        .formatted(
            rank, addresses.size(), timeout.toMillis(), peer, addresses.get(peer), operation);
  }

  @Override
  public @Nullable String failure() {
    return mailbox.failure();
  }

  @Override
  public boolean isAborted() {
    return mailbox.hasFailed();
  }

  @Override
  public void abort(String reason) {
    mailbox.fail(reason);
  }

  /** Waits, for a short time, until the next rank has taken what was sent to it. */
  @Override
  public void close() {
    if (!closed) {
      closed = true;
      mailbox.awaitAllCredits(FAREWELL);
      mailbox.close("Rank " + rank + " of " + world() + " is closed.");
      next.close();
    }
  }
}
