package io.sparkfocal.data;

import io.sparkfocal.train.Shuffle;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
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

  static final int MOST_ROWS_OF_BLOCK = 1 << ROW_BITS;

  private static final int MOST_SLICES = 1 << (Integer.SIZE - 1 - ROW_BITS);

  private final int width;
  private final int targets;
  private final List<BlockSlice> slices;
  private final BlockSource source;
  private final long rows;

  /**
   * Rows of {@code width} features each.
   *
   * @param targets of a row with several labels; 0 where it has a class
   * @param source has the blocks
   */
  ShardRows(int width, int targets, List<BlockSlice> slices, BlockSource source) {
    this.width = width;
    this.targets = targets;
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

  /** How many labels a row has that has several; 0 where it has a class. */
  int targets() {
    return targets;
  }

  /** How many values a row has on average, as far as the size of the blocks tells, at least 1. */
  long storedPerRow() {
    long bytes = 0;
    for (BlockSlice slice : slices) {
      bytes += slice.bytes();
    }
    bytes -= rows * Math.max(0, targets - 1) * Float.BYTES;
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
    var next = IntStream.range(0, slices.size()).iterator();
    return () -> next.hasNext() ? window(next.nextInt()) : null;
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
    int at = 0;
    for (int[] group : groups(shuffle)) {
      int[] places =
          Arrays.stream(group).flatMap(i -> IntStream.range(begin[i], begin[i + 1])).toArray();
      System.arraycopy(permuted(places, shuffle), 0, order, at, places.length);
      at += places.length;
    }
    return order;
  }

  /** Numbers of slices in random order, cut into windows. */
  private List<int[]> groups(Shuffle shuffle) {
    List<int[]> groups = new ArrayList<>();
    int[] order = shuffle.order(slices.size());
    for (int from = 0; from < order.length; ) {
      long bytes = 0;
      int to = from;
      while (to < order.length
          && to - from < MOST_SLICES
          && (to == from || bytes + slices.get(order[to]).bytes() <= WINDOW_BYTES)) {
        bytes += slices.get(order[to++]).bytes();
      }
      groups.add(Arrays.copyOfRange(order, from, to));
      from = to;
    }
    return groups;
  }

  private Window window(int... group) {
    RowBlock[] blocks = new RowBlock[group.length];
    int[] order = new int[Arrays.stream(group).map(i -> slices.get(i).rows()).sum()];
    int count = 0;
    for (int i = 0; i < blocks.length; i++) {
      BlockSlice slice = slices.get(group[i]);
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
