package io.sparkfocal.data;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import org.apache.spark.unsafe.types.UTF8String;

/**
 * Those training rows of a rank whose content has the smallest hashes: a sample that no order of
 * rows and no cut into blocks and ranks changes, and all rows where there are few.
 *
 * <p>Equal rows have equal hashes and are one row with a number. The sample has at least {@link
 * #rowsWanted} rows and {@link #DISTINCT} different ones, or all.
 */
final class TableSample {

  /** So many different rows at least, since there may be many equal ones. */
  static final int DISTINCT = 1024;

  private static final int MOST_ROWS = 1 << 16;
  private static final int FEWEST_ROWS = 1 << 12;

  /** Of the values of a rank, in float64. */
  private static final int VALUE_BYTES = 32 << 20;

  /** In bytes; a longer one has no index of its own. */
  static final int LONGEST_TEXT = 256;

  /** In the place of a longer one; longer itself, so that no other text is this. */
  static final UTF8String TOO_LONG = UTF8String.fromString(" ".repeat(LONGEST_TEXT + 1));

  private final int width;
  private final int rowsWanted;
  private final TableValues values;
  private List<Entry> entries = new ArrayList<>();
  private long threshold = Long.MAX_VALUE;

  /**
   * Equal rows.
   *
   * @param hash of their content
   * @param count how many there are
   * @param values by feature, of texts anything but NaN
   * @param texts by feature, null for a number or where it is missing, {@link #TOO_LONG} for a long
   *     one
   */
  record Entry(long hash, long count, double[] values, UTF8String[] texts) {

    private Entry plus(long more) {
      return new Entry(hash, count + more, values, texts);
    }
  }

  /** Of rows with so many features, of which so many are texts. */
  TableSample(int width, int texts) {
    this.width = width;
    long bytes = (long) width * Double.BYTES + (long) texts * LONGEST_TEXT / 4;
    this.rowsWanted =
        (int) Math.max(FEWEST_ROWS, Math.min(MOST_ROWS, VALUE_BYTES / Math.max(1, bytes)));
    this.values = new TableValues(width);
  }

  /** How many rows it has at least, if there are as many. */
  int rowsWanted() {
    return rowsWanted;
  }

  /** Adds the rows of a shard. */
  void add(ShardRows shard) {
    for (BlockSlice slice : shard.slices()) {
      RowBlock block = shard.block(slice);
      for (int row = slice.from(); row < slice.to(); row++) {
        long hash = block.content(row);
        if (hash <= threshold) {
          entries.add(entry(block, row, hash));
        }
        if (entries.size() >= 2 * rowsWanted + DISTINCT) {
          compact();
        }
      }
    }
  }

  private Entry entry(RowBlock block, int row, long hash) {
    double[] given = values.of(block, row).clone();
    UTF8String[] texts = new UTF8String[block.texts().isEmpty() ? 0 : width];
    for (Map.Entry<Integer, UTF8String[]> ofFeature : block.texts().entrySet()) {
      int feature = ofFeature.getKey();
      if (!Double.isNaN(given[feature])) {
        UTF8String text = ofFeature.getValue()[(int) given[feature]];
        texts[feature] = text.numBytes() > LONGEST_TEXT ? TOO_LONG : text;
      }
    }
    return new Entry(hash, 1, given, texts);
  }

  /** Puts equal rows together and leaves out those that no sample has. */
  private void compact() {
    entries.sort(Comparator.comparingLong(Entry::hash));
    List<Entry> kept = new ArrayList<>();
    long rows = 0;
    for (Entry next : entries) {
      int last = kept.size() - 1;
      if (last >= 0 && kept.get(last).hash() == next.hash()) {
        kept.set(last, kept.get(last).plus(next.count()));
      } else if (rows >= rowsWanted && kept.size() >= DISTINCT) {
        threshold = kept.get(last).hash();
        break;
      } else {
        kept.add(next);
      }
      rows += next.count();
    }
    entries = kept;
  }

  /** Hashes of the different rows, the smallest first, {@link #DISTINCT} at most. */
  long[] smallest() {
    compact();
    return entries.stream().mapToLong(Entry::hash).limit(DISTINCT).toArray();
  }

  /**
   * How many rows have hashes in each of equal parts of a range.
   *
   * @param first where the range begins, as a number without sign: its digits are in the order of
   *     hashes
   * @param shift a part has two to that power hashes
   */
  long[] rows(long first, int shift, int parts) {
    long[] rows = new long[parts];
    for (Entry entry : entries) {
      long part = ((entry.hash() ^ Long.MIN_VALUE) - first) >>> shift;
      if (Long.compareUnsigned(entry.hash() ^ Long.MIN_VALUE, first) >= 0 && part < parts) {
        rows[(int) part] += entry.count();
      }
    }
    return rows;
  }

  /** The rows with hashes up to one. */
  List<Entry> upTo(long most) {
    return entries.stream().filter(entry -> entry.hash() <= most).toList();
  }

  /** The n-th smallest of different numbers, or the largest long if there are fewer. */
  static long nth(int n, long... numbers) {
    long[] distinct = Arrays.stream(numbers).sorted().distinct().toArray();
    return distinct.length < n ? Long.MAX_VALUE : distinct[n - 1];
  }
}
