package io.sparkfocal.data;

import ai.djl.ndarray.NDManager;
import io.sparkfocal.collective.TensorCollective;
import java.nio.ByteBuffer;
import java.nio.LongBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.LongStream;

/**
 * Makes the {@link TableEncoding} of the training rows of all ranks from the sample of each; it is
 * the same on every rank, however rows are dealt to ranks.
 */
final class TableStatistics {

  /** What all ranks together send at once. */
  private static final long MOST_BYTES = 16 << 20;

  /** Of a value and its number: texts are longer than numbers. */
  private static final long VALUE_BYTES = TableSample.LONGEST_TEXT + 2L * Long.BYTES;

  /** Parts into which a range of hashes is cut to find where the sample ends. */
  private static final int PARTS = 256;

  private static final int ROUNDS = Long.SIZE / 8;

  private final TableSample sample;
  private final FeaturePlan columns;

  TableStatistics(FeaturePlan columns) {
    this.columns = columns;
    this.sample = new TableSample(columns.names().size(), texts(columns));
  }

  private static int texts(FeaturePlan columns) {
    return (int) columns.types().stream().filter("text"::equals).count();
  }

  /** Adds the training rows of this rank. */
  void add(ShardRows shard) {
    sample.add(shard);
  }

  /** The encoding by the rows of all ranks, which all of them ask for together. */
  TableEncoding encoding(TensorCollective ranks, NDManager manager) {
    List<TableSample.Entry> rows = sample.upTo(end(ranks, manager));
    int width = columns.names().size();
    List<TableEncoding.Feature> features = new ArrayList<>();
    for (int first = 0; first < width; ) {
      // By the size on this rank alone, ranks would send other numbers of features.
      long perFeature = VALUE_BYTES * (sample.rowsWanted() + TableSample.DISTINCT);
      int end = (int) Math.min(width, first + Math.max(1, MOST_BYTES / perFeature));
      features.addAll(features(rows, first, end, ranks, manager));
      first = end;
    }
    return new TableEncoding(features, columns.types(), columns.widths());
  }

  private List<TableEncoding.Feature> features(
      List<TableSample.Entry> rows, int first, int end, TensorCollective ranks, NDManager manager) {
    List<ColumnCounts> own = new ArrayList<>();
    int length = 0;
    List<byte[]> encoded = new ArrayList<>();
    for (int i = first; i < end; i++) {
      ColumnCounts counts = new ColumnCounts(columns.categories()[i]);
      counts.add(rows, i);
      own.add(counts);
      encoded.add(counts.encode());
      length += encoded.get(i - first).length;
    }
    if (ranks.world() > 1) {
      ByteBuffer buffer = ByteBuffer.allocate(length);
      encoded.forEach(buffer::put);
      List<ColumnCounts> all = new ArrayList<>();
      for (int i = first; i < end; i++) {
        all.add(new ColumnCounts(columns.categories()[i]));
      }
      for (byte[] ofRank : gather(buffer.array(), ranks, manager)) {
        ByteBuffer bytes = ByteBuffer.wrap(ofRank);
        all.forEach(counts -> counts.add(bytes));
      }
      own = all;
    }
    List<TableEncoding.Feature> features = new ArrayList<>();
    for (int i = first; i < end; i++) {
      features.add(own.get(i - first).feature(columns.names().get(i), columns.mostValues()));
    }
    return features;
  }

  /** The last hash of the sample: of as many rows, and as many different ones, as are wanted. */
  private long end(TensorCollective ranks, NDManager manager) {
    long[] own = Arrays.copyOf(sample.smallest(), TableSample.DISTINCT);
    int known = sample.smallest().length;
    Arrays.fill(own, known, own.length, Long.MAX_VALUE);
    ByteBuffer bytes = ByteBuffer.allocate(own.length * Long.BYTES);
    bytes.asLongBuffer().put(own);
    long[] all =
        ranks.allGather(bytes.array(), manager).stream()
            .flatMapToLong(TableStatistics::longs)
            .toArray();
    long ofDifferent = TableSample.nth(TableSample.DISTINCT, all);
    return Math.max(ofDifferent, endOfRows(ranks, manager));
  }

  private static LongStream longs(byte... bytes) {
    LongBuffer buffer = ByteBuffer.wrap(bytes).asLongBuffer();
    long[] numbers = new long[buffer.remaining()];
    buffer.get(numbers);
    return Arrays.stream(numbers);
  }

  /** Digit by digit, from counts of the rows of all ranks. */
  private long endOfRows(TensorCollective ranks, NDManager manager) {
    long wanted = sample.rowsWanted();
    long first = 0;
    for (int round = 1; round <= ROUNDS; round++) {
      int shift = Long.SIZE - 8 * round;
      long[] counts = sum(sample.rows(first, shift, PARTS), ranks, manager);
      int part = 0;
      while (part < PARTS && counts[part] < wanted) {
        wanted -= counts[part++];
      }
      if (part == PARTS) {
        return Long.MAX_VALUE;
      }
      first += (long) part << shift;
    }
    return first ^ Long.MIN_VALUE;
  }

  static long[] sum(long[] own, TensorCollective ranks, NDManager manager) {
    ByteBuffer bytes = ByteBuffer.allocate(own.length * Long.BYTES);
    bytes.asLongBuffer().put(own);
    long[] sums = new long[own.length];
    for (byte[] ofRank : ranks.allGather(bytes.array(), manager)) {
      LongBuffer counts = ByteBuffer.wrap(ofRank).asLongBuffer();
      for (int i = 0; i < sums.length; i++) {
        sums[i] += counts.get(i);
      }
    }
    return sums;
  }

  /** What each rank has, however long that is. */
  private static List<byte[]> gather(byte[] own, TensorCollective ranks, NDManager manager) {
    byte[] length = ByteBuffer.allocate(Integer.BYTES).putInt(own.length).array();
    List<Integer> lengths =
        ranks.allGather(length, manager).stream().map(b -> ByteBuffer.wrap(b).getInt()).toList();
    int most = lengths.stream().mapToInt(Integer::intValue).max().orElse(0);
    List<byte[]> padded = ranks.allGather(Arrays.copyOf(own, most), manager);
    List<byte[]> all = new ArrayList<>();
    for (int rank = 0; rank < padded.size(); rank++) {
      all.add(Arrays.copyOf(padded.get(rank), lengths.get(rank)));
    }
    return all;
  }
}
