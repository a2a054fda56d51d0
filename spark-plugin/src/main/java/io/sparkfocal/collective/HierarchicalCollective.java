package io.sparkfocal.collective;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Ranks of several JVMs: those of one JVM sum in memory first, then one rank of each JVM sums with
 * the others, and hands the sums on.
 *
 * <p>As many bytes travel as between JVMs with one rank each. The order of summation depends on
 * which ranks share a JVM.
 */
public final class HierarchicalCollective implements Collective {

  private final int rank;
  private final int world;
  private final Collective local;
  private final @Nullable Collective leaders;
  private final int[] leaderOf;
  private final int[] placeOf;

  /**
   * Of one rank.
   *
   * @param rank this rank's number among all
   * @param local the ranks of this JVM, of which number 0 leads
   * @param leaders one rank of each JVM; null on a rank that does not lead
   * @param leaderOf for each rank, the number of its JVM among the leaders
   * @param placeOf for each rank, its number within its JVM
   */
  public HierarchicalCollective(
      int rank, Collective local, @Nullable Collective leaders, int[] leaderOf, int[] placeOf) {
    this.rank = rank;
    this.world = leaderOf.length;
    this.local = local;
    this.leaders = leaders;
    this.leaderOf = leaderOf.clone();
    this.placeOf = placeOf.clone();
  }

  @Override
  public int rank() {
    return rank;
  }

  @Override
  public int world() {
    return world;
  }

  @Override
  public void allReduce(ByteBuffer values, Precision precision) {
    local.allReduce(values, precision);
    if (leaders != null) {
      leading(() -> leaders.allReduce(values, precision));
    }
    local.broadcast(values, 0);
  }

  @Override
  public void broadcast(ByteBuffer bytes, int root) {
    HostBuffers.root(root, world);
    boolean rootIsHere = leaderOf[root] == leaderOf[rank];
    if (rootIsHere) {
      local.broadcast(bytes, placeOf[root]);
    }
    if (leaders != null) {
      leading(() -> leaders.broadcast(bytes, leaderOf[root]));
    }
    if (!rootIsHere) {
      local.broadcast(bytes, 0);
    } else {
      HostBuffers.bytes(bytes);
    }
  }

  @Override
  public void barrier() {
    local.barrier();
    if (leaders != null) {
      leading(leaders::barrier);
    }
    local.barrier();
  }

  /** What fails between JVMs fails for all ranks of this one. */
  private void leading(Runnable operation) {
    try {
      operation.run();
    } catch (CollectiveException e) {
      local.abort(String.valueOf(e.getMessage()));
      throw e;
    }
  }

  @Override
  public @Nullable String failure() {
    String here = local.failure();
    return here != null || leaders == null ? here : leaders.failure();
  }

  @Override
  public boolean isAborted() {
    return local.isAborted() || (leaders != null && leaders.isAborted());
  }

  /** A rank that does not lead is heard by its leader, in its next operation at the latest. */
  @Override
  public void abort(String reason) {
    local.abort(reason);
    if (leaders != null) {
      leaders.abort(reason);
    }
  }

  @Override
  public void close() {
    if (leaders != null) {
      leaders.close();
    }
    local.close();
  }
}
