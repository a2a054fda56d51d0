package io.sparkfocal.collective.rpc;

import io.sparkfocal.collective.Collective;
import io.sparkfocal.collective.CollectiveException;
import io.sparkfocal.collective.HostBuffers;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
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
  private final Float32Wire float32 = new Float32Wire();
  private final Bfloat16Wire bfloat16 = new Bfloat16Wire();
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
  public void allReduce(ByteBuffer values, Precision precision) {
    ByteBuffer bytes = HostBuffers.floats(values);
    Wire wire = precision == Precision.FLOAT32 ? float32.over(bytes) : bfloat16.over(bytes);
    together("allReduce", () -> reduce(wire));
  }

  /** Runs one operation; if it fails here, it fails on every rank. */
  private void together(String name, Runnable operation) {
    mailbox.requireRunning();
    sequence++;
    boolean done = false;
    try {
      operation.run();
      mailbox.awaitWrites(timeout, lateness(following(), name));
      done = true;
    } catch (CollectiveException e) {
      mailbox.fail(String.valueOf(e.getMessage()));
      throw e;
    } finally {
      if (!done) {
        next.settle();
      }
    }
  }

  /**
   * Sends this rank's own segment; what comes from the rank before, segment after segment, is added
   * to this rank's values and passed on, and from half way round, when it is the sum of all, taken
   * over and passed on.
   */
  private void reduce(Wire wire) {
    int own = segment(wire, rank, 0);
    int end = segment(wire, rank, 1);
    wire.load(own, end);
    for (int at = own; at < end; at += PeerLink.CHUNK_BYTES) {
      int length = Math.min(PeerLink.CHUNK_BYTES, end - at);
      next.send(frame(Frame.Kind.REDUCE, 0, at, wire.bytes(), length), wire.payload(at, length));
    }
    int steps = 2 * world() - 2;
    for (int step = 0; step < steps; step++) {
      pass(wire, step, rank - 1 - step, step + 1 < steps);
    }
  }

  private void pass(Wire wire, int step, int segment, boolean onwards) {
    int at = segment(wire, segment, 0);
    int end = segment(wire, segment, 1);
    int unsent = at;
    while (at < end) {
      Frame expected = frame(Frame.Kind.REDUCE, step, at, wire.bytes(), end - at);
      Mailbox.Piece piece = receive(expected);
      int length = piece.frame().length();
      try {
        if (step < world() - 1) {
          wire.add(at, piece.bytes());
        } else {
          wire.copy(at, piece.bytes());
        }
      } finally {
        piece.bytes().release();
      }
      if (step == world() - 2) {
        wire.finish(at, at + length);
      }
      at += length;
      if (onwards && (at == end || at - unsent >= PeerLink.CHUNK_BYTES)) {
        int sent = at - unsent;
        next.send(
            frame(Frame.Kind.REDUCE, step + 1, unsent, wire.bytes(), sent),
            wire.payload(unsent, sent));
        unsent = at;
      }
    }
  }

  /** The next piece, if it begins where expected and is not longer; to be released. */
  private Mailbox.Piece receive(Frame expected) {
    Mailbox.Piece piece = mailbox.awaitPiece(timeout, lateness(previous(), expected.operation()));
    Frame frame = piece.frame();
    if (!frame.continues(expected) || frame.length() > expected.length()) {
      piece.bytes().release();
      throw new CollectiveException(
          "Ranks called different operations: rank %s %s, rank %s %s."
              .formatted(rank, expected.describe(), previous(), frame.describe()));
    }
    return piece;
  }

  /** Where segment {@code number} (modulo the world) begins, or with {@code plus} 1 ends. */
  private int segment(Wire wire, int number, int plus) {
    long values = wire.bytes() / wire.valueBytes();
    int index = Math.floorMod(number, world()) + plus;
    return (int) (values * index / world()) * wire.valueBytes();
  }

  @Override
  public void broadcast(ByteBuffer buffer, int root) {
    ByteBuffer bytes = HostBuffers.bytes(buffer);
    HostBuffers.root(root, world());
    together("broadcast", () -> pass(bytes, root));
  }

  /** Takes the root's bytes from the rank before and hands them on, piece by piece. */
  private void pass(ByteBuffer bytes, int root) {
    int distance = Math.floorMod(rank - root, world());
    int at = 0;
    while (at < bytes.limit()) {
      int length = Math.min(PeerLink.CHUNK_BYTES, bytes.limit() - at);
      Frame frame = frame(Frame.Kind.BROADCAST, root, at, bytes.limit(), length);
      if (distance > 0) {
        Mailbox.Piece piece = receive(frame);
        length = piece.frame().length();
        piece.bytes().readBytes(bytes.slice(at, length)).release();
      }
      if (distance < world() - 1) {
        next.send(frame.part(0, length), bytes.slice(at, length));
      }
      at += length;
    }
  }

  @Override
  public void barrier() {
    allReduce(ByteBuffer.allocateDirect(Float.BYTES).order(ByteOrder.nativeOrder()));
  }

  private Frame frame(Frame.Kind kind, int step, int offset, int total, int length) {
    return new Frame(attempt, sequence, kind, step, offset, total, length);
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
    return "Rank %s of %s waited %s ms for rank %s (%s) in %s; raise spark.focal.collective.timeout if it is merely slow."
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
      mailbox.awaitAllWritten(FAREWELL);
      mailbox.close("Rank " + rank + " of " + world() + " is closed.");
      next.close();
    }
  }
}
