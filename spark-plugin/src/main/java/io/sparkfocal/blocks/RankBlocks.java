package io.sparkfocal.blocks;

import io.sparkfocal.data.BlockSlice;
import io.sparkfocal.data.BlockSource;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.spark.TaskContext;

/**
 * The blocks of a rank, read in its task's own thread. What comes from another process is kept in
 * this one too; once all ranks have theirs, the others are dropped.
 */
public final class RankBlocks implements BlockSource, AutoCloseable {

  /** Blocks of the ranks of this process: number of the RDD, then of the block, then how often. */
  private static final Map<Integer, Map<Integer, Integer>> IN_USE = new ConcurrentHashMap<>();

  private final RankShare share;
  private final Set<Integer> verified = new HashSet<>();

  /** Notes that this process needs them. */
  public RankBlocks(RankShare share) {
    this.share = share;
    count(1);
  }

  /** In one step, since ranks of an attempt that failed may still be ending. */
  private void count(int more) {
    IN_USE.compute(
        share.store().rdd(),
        (rdd, before) -> {
          Map<Integer, Integer> uses = before == null ? new HashMap<>() : new HashMap<>(before);
          for (int number : share.numbers()) {
            uses.merge(number, more, (a, b) -> a + b == 0 ? null : a + b);
          }
          return uses.isEmpty() ? null : uses;
        });
  }

  @Override
  public byte[] bytes(BlockSlice slice) {
    TaskContext.get().killTaskIfInterrupted();
    int number = slice.block();
    boolean isFirst = !verified.contains(number);
    byte[] bytes = share.store().get(number);
    if (bytes == null || (isFirst && !slice.isOf(bytes))) {
      // Not to be read where it is said to be, or another copy than the driver was told of, as of a
      // speculative task: it is made again.
      share.store().removeEverywhere(number);
      throw new LostBlockException(number);
    }
    if (isFirst) {
      share.store().putIfAbsent(number, bytes);
      verified.add(number);
    }
    return bytes;
  }

  /** Reads what has not been read yet. */
  public void fetch() {
    share.slices().filter(slice -> !verified.contains(slice.block())).forEach(this::bytes);
  }

  /** Drops what no rank of this process needs, once all ranks have read theirs. */
  public void dropOthers() {
    Map<Integer, Integer> uses = IN_USE.getOrDefault(share.store().rdd(), Map.of());
    share.store().removeHereUnless(uses::containsKey);
  }

  /** Forgets that this process needs them. */
  @Override
  public void close() {
    count(-1);
  }
}
