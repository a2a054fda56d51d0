package io.sparkfocal.collective.local;

import io.sparkfocal.collective.Collective;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Ranks that are threads of this JVM and share its memory. */
public final class LocalGroup {

  /** Groups whose ranks are tasks that know of each other by the key of their run alone. */
  private static final Map<Long, LocalGroup> MEETING = new ConcurrentHashMap<>();

  private final MeetingPoint meeting;

  private LocalGroup(int world, Duration timeout) {
    this.meeting = new MeetingPoint(world, timeout);
  }

  /**
   * A group.
   *
   * @param world how many ranks, at least 1
   * @param timeout how long a rank waits for another
   */
  public static LocalGroup of(int world, Duration timeout) {
    if (world < 1) {
      throw new IllegalArgumentException("A group of " + world + " ranks; it needs at least 1.");
    }
    return new LocalGroup(world, timeout);
  }

  /**
   * The group of a run in this JVM; the first to ask makes it, the first to leave it ends it.
   *
   * @param key tells runs apart
   */
  public static Collective join(long key, int rank, int world, Duration timeout) {
    LocalGroup group = MEETING.computeIfAbsent(key, k -> of(world, timeout));
    return new LocalCollective(rank, group.meeting, () -> MEETING.remove(key, group));
  }

  /** The collective of one rank, for that rank's thread. */
  public Collective member(int rank) {
    if (rank < 0 || rank >= meeting.world()) {
      throw new IllegalArgumentException(
          "Rank " + rank + " is none of 0 to " + (meeting.world() - 1) + ".");
    }
    return new LocalCollective(rank, meeting, () -> {});
  }
}
