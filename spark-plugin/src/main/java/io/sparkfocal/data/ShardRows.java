package io.sparkfocal.data;

import io.sparkfocal.train.Shuffle;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The rows of a rank: slices of blocks, read as windows of a fixed size.
 *
 * <p>An epoch visits the slices in random order, as many at a time as fit a window, and the rows of
 * a window in random order. That order is a function of the slices and the shuffle, wherever the
 * blocks are.
 */
final class ShardRows {

  /** Of the blocks of a window, but for one that is larger. */
  static final long WINDOW_BYTES = 64L << 20;

  /** A row of a window is one number: its slice, and its place in the block. */
  private static final int ROW_BITS = 18;

  private static final int MOST_SLICES = 1 << (Integer.SIZE - 1 - ROW_BITS);

  private final int width;
  private final List<BlockSlice> slices;
  private final BlockSource source;
  private final long rows;

  /**
   * Rows of {@code width} features each.
   *
   * @param source has the blocks
   */
  ShardRows(int width, List<BlockSlice> slices, BlockSource source) {
    this.width = width;
    this.slices = slices;
    this.source = source;
    this.rows = slices.stream().mapToLong(BlockSlice::rows).sum();
  }

  /**
   * Some rows in memory.
   *
   * @param blocks have them
   * @param order their places, in the order in which they come
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  record Window(RowBlock[] blocks, int[] order) {

    RowBlock block(int i) {
      return blocks[order[i] >>> ROW_BITS];
    }

    int row(int i) {
      return order[i] & ((1 << ROW_BITS) - 1);
    }
  }

  /** Windows, one after the other. */
  @FunctionalInterface
  interface Windows {

    /** The next window; null after the last. */
    @Nullable Window next();
  }

  long rows() {
    return rows;
  }

  int width() {
    return width;
  }

  /** How many values a row has on average, as far as the size of the blocks tells, at least 1. */
  long storedPerRow() {
    long bytes = 0;
    for (BlockSlice slice : slices) {
      bytes += slice.bytes();
    }
    return Math.max(1, Math.min(width, bytes / (Float.BYTES + Integer.BYTES) / Math.max(1, rows)));
  }

  List<BlockSlice> slices() {
    return slices;
  }

  RowBlock block(BlockSlice slice) {
    return new RowBlock(source.bytes(slice));
  }

  /** All rows, slice by slice. */
  Windows ordered() {
    var next = slices.iterator();
    return () -> next.hasNext() ? window(List.of(next.next())) : null;
  }

  /** All rows, in an order that depends on the slices and the shuffle alone. */
  Windows shuffled(Shuffle shuffle) {
    var next = groups(shuffle).iterator();
    return () -> {
      if (!next.hasNext()) {
        return null;
      }
      Window window = window(next.next());
      return new Window(window.blocks(), permuted(window.order(), shuffle));
    };
  }

  /** The same order for rows that lie one after the other as in {@link #ordered}. */
  int[] order(Shuffle shuffle) {
    int[] order = new int[Math.toIntExact(rows)];
    int[] begin = new int[slices.size() + 1];
    for (int i = 0; i < slices.size(); i++) {
      begin[i + 1] = begin[i] + slices.get(i).rows();
    }
    Map<BlockSlice, Integer> numbers = new IdentityHashMap<>();
    for (int i = 0; i < slices.size(); i++) {
      numbers.put(slices.get(i), i);
    }
    int at = 0;
    for (List<BlockSlice> group : groups(shuffle)) {
      int[] places = new int[group.stream().mapToInt(BlockSlice::rows).sum()];
      int count = 0;
      for (BlockSlice slice : group) {
        int first = begin[numbers.getOrDefault(slice, 0)];
        for (int row = 0; row < slice.rows(); row++) {
          places[count++] = first + row;
        }
      }
      System.arraycopy(permuted(places, shuffle), 0, order, at, count);
      at += count;
    }
    return order;
  }

  /** Slices in random order, cut into windows. */
  private List<List<BlockSlice>> groups(Shuffle shuffle) {
    List<List<BlockSlice>> groups = new ArrayList<>();
    List<BlockSlice> group = new ArrayList<>();
    long bytes = 0;
    for (int i : shuffle.order(slices.size())) {
      BlockSlice slice = slices.get(i);
      if (!group.isEmpty()
          && (bytes + slice.bytes() > WINDOW_BYTES || group.size() == MOST_SLICES)) {
        groups.add(group);
        group = new ArrayList<>();
        bytes = 0;
      }
      group.add(slice);
      bytes += slice.bytes();
    }
    if (!group.isEmpty()) {
      groups.add(group);
    }
    // As they may lie on a disk.
    groups.forEach(g -> g.sort(Comparator.comparingInt(BlockSlice::block)));
    return groups;
  }

  private Window window(List<BlockSlice> group) {
    RowBlock[] blocks = new RowBlock[group.size()];
    int[] order = new int[group.stream().mapToInt(BlockSlice::rows).sum()];
    int count = 0;
    for (int i = 0; i < blocks.length; i++) {
      BlockSlice slice = group.get(i);
      blocks[i] = block(slice);
      for (int row = slice.from(); row < slice.to(); row++) {
        order[count++] = i << ROW_BITS | row;
      }
    }
    return new Window(blocks, order);
  }

  private static int[] permuted(int[] places, Shuffle shuffle) {
    int[] order = shuffle.order(places.length);
    Arrays.setAll(order, i -> places[order[i]]);
    return order;
  }
}
