package io.sparkfocal.blocks;

import io.sparkfocal.data.BlockSlice;
import io.sparkfocal.data.BlockSource;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.spark.sql.catalyst.expressions.XXH64;
import org.apache.spark.unsafe.Platform;

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
    Map<Integer, Integer> uses = uses();
    share.numbers().forEach(number -> uses.merge(number, 1, Integer::sum));
  }

  private Map<Integer, Integer> uses() {
    return IN_USE.computeIfAbsent(share.store().rdd(), rdd -> new ConcurrentHashMap<>());
  }

  @Override
  public byte[] bytes(BlockSlice slice) {
    int number = slice.block();
    boolean isFirst = !verified.contains(number);
    boolean isHere = !isFirst || share.store().isHere(number);
    byte[] bytes = share.store().get(number);
    if (bytes == null) {
      throw new LostBlockException(number);
    }
    if (isFirst) {
      if (slice.hash()
          != XXH64.hashUnsafeBytes(bytes, Platform.BYTE_ARRAY_OFFSET, bytes.length, 0)) {
        // Another copy than the driver was told of, as of a speculative task: it is made again.
        share.store().removeEverywhere(number);
        throw new LostBlockException(number);
      }
      if (!isHere) {
        share.store().put(number, bytes);
      }
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
    Map<Integer, Integer> uses = uses();
    share.store().removeHereUnless(uses::containsKey);
  }

  /** Forgets that this process needs them. */
  @Override
  public void close() {
    Map<Integer, Integer> uses = uses();
    share
        .numbers()
        .forEach(
            number -> uses.computeIfPresent(number, (n, count) -> count == 1 ? null : count - 1));
    IN_USE.computeIfPresent(share.store().rdd(), (rdd, left) -> left.isEmpty() ? null : left);
  }
}
