package io.sparkfocal.collective.local;

import io.sparkfocal.collective.Collective;
import io.sparkfocal.collective.HostBuffers;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One rank of a {@link LocalGroup}: sums its share of the values of all ranks, for all of them. */
final class LocalCollective implements Collective {

  private static final int BLOCK = 4096;

  private final int rank;
  private final MeetingPoint meeting;
  private final Runnable onClose;
  private final float[] sum = new float[BLOCK];
  private final float[] term = new float[BLOCK];

  LocalCollective(int rank, MeetingPoint meeting, Runnable onClose) {
    this.rank = rank;
    this.meeting = meeting;
    this.onClose = onClose;
  }

  @Override
  public int rank() {
    return rank;
  }

  @Override
  public int world() {
    return meeting.world();
  }

  @Override
  public void allReduce(ByteBuffer values, Precision precision) {
    String operation = "allReduce";
    List<FloatBuffer> all =
        meeting
            .exchange(rank, new MeetingPoint.Offer(operation, HostBuffers.floats(values)))
            .stream()
            .map(bytes -> HostBuffers.floats(bytes).asFloatBuffer())
            .toList();
    long size = values.limit() / Float.BYTES;
    int from = (int) (size * rank / world());
    int to = (int) (size * (rank + 1) / world());
    try {
      for (int start = from; start < to; start += BLOCK) {
        reduce(all, start, Math.min(BLOCK, to - start));
      }
    } finally {
      meeting.part();
    }
  }

  /**
   * Sums a block, from this rank on and round, as a ring would, and gives it to all: the bits do
   * not depend on where ranks run.
   */
  private void reduce(List<FloatBuffer> all, int start, int length) {
    all.get(rank).get(start, sum, 0, length);
    for (int step = 1; step < all.size(); step++) {
      all.get((rank + step) % all.size()).get(start, term, 0, length);
      for (int i = 0; i < length; i++) {
        sum[i] += term[i];
      }
    }
    all.forEach(buffer -> buffer.put(start, sum, 0, length));
  }

  @Override
  public void broadcast(ByteBuffer bytes, int root) {
    HostBuffers.root(root, world());
    String operation = "broadcast from rank " + root;
    ByteBuffer own = HostBuffers.bytes(bytes);
    List<ByteBuffer> all = meeting.exchange(rank, new MeetingPoint.Offer(operation, own));
    try {
      if (rank != root) {
        own.put(0, all.get(root), 0, own.limit());
      }
    } finally {
      meeting.part();
    }
  }

  @Override
  public void barrier() {
    meeting.exchange(rank, new MeetingPoint.Offer("barrier", ByteBuffer.allocateDirect(0)));
    meeting.part();
  }

  @Override
  public @Nullable String failure() {
    return meeting.failure();
  }

  @Override
  public boolean isAborted() {
    return meeting.isAborted();
  }

  @Override
  public void abort(String reason) {
    meeting.fail(reason);
  }

  @Override
  public void close() {
    meeting.leave("Rank " + rank + " of " + world() + " is closed.");
    onClose.run();
  }
}
