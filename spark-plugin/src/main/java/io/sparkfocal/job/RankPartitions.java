package io.sparkfocal.job;

import io.sparkfocal.compat.RddLineage;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.stream.LongStream;
import org.apache.spark.Partition;
import org.apache.spark.TaskContext;
import org.apache.spark.rdd.RDD;
import org.apache.spark.sql.catalyst.InternalRow;
import org.jspecify.annotations.Nullable;

/**
 * The input cut into as many runs of equally many rows as there are ranks, read where it lies: what
 * a file scan or a cached table gives needs no shuffle, though Spark lets no barrier stage coalesce
 * it (SPARK-24820).
 *
 * @param input what is cut
 * @param ofRanks the pieces of each rank
 */
record RankPartitions(RDD<InternalRow> input, List<List<Piece>> ofRanks) implements Serializable {

  /** Rows read over rows there are, above which a shuffle costs less. */
  private static final double MOST_READS = 1.5;

  /**
   * Rows of one partition.
   *
   * @param skipped rows before the first one
   * @param taken how many
   * @param rows how many the whole partition has
   */
  record Piece(Partition partition, long skipped, long taken, long rows) implements Serializable {}

  /**
   * Cuts it.
   *
   * @param rows how many rows each partition has
   * @return null if the input comes out of a shuffle, or too many rows would be read twice
   */
  static @Nullable RankPartitions cut(RDD<InternalRow> input, long[] rows, int ranks) {
    if (input.getNumPartitions() != rows.length || !RddLineage.isNarrow(input)) {
      return null;
    }
    Partition[] partitions = input.partitions();
    List<List<Piece>> ofRanks = new ArrayList<>();
    long all = LongStream.of(rows).sum();
    long read = 0;
    for (int rank = 0; rank < ranks; rank++) {
      long from = all * rank / ranks;
      long to = all * (rank + 1) / ranks;
      List<Piece> pieces = new ArrayList<>();
      long start = 0;
      for (int p = 0; p < rows.length; p++) {
        long first = Math.max(from, start);
        long end = Math.min(to, start + rows[p]);
        if (first < end) {
          pieces.add(new Piece(partitions[p], first - start, end - first, rows[p]));
          read += end - start;
        }
        start += rows[p];
      }
      ofRanks.add(pieces);
    }
    return read <= MOST_READS * all ? new RankPartitions(input, ofRanks) : null;
  }

  /** The rows of one rank; runs in its task. */
  Iterator<InternalRow> rows(int rank) {
    return new Rows(ofRanks.get(rank).iterator());
  }

  private final class Rows implements Iterator<InternalRow> {

    private final Iterator<Piece> pieces;
    private final TaskContext context = TaskContext.get();
    private scala.collection.@Nullable Iterator<InternalRow> current;
    private @Nullable Piece piece;
    private long left;

    Rows(Iterator<Piece> pieces) {
      this.pieces = pieces;
    }

    @Override
    public boolean hasNext() {
      while (left == 0) {
        requireEnd();
        if (!pieces.hasNext()) {
          return false;
        }
        begin(pieces.next());
      }
      return true;
    }

    private void begin(Piece next) {
      piece = next;
      left = next.taken();
      current = input.iterator(next.partition(), context);
      for (long row = 0; row < next.skipped(); row++) {
        CancellableRows.check(context, row);
        advance();
      }
    }

    /** Whoever has the last rows of a partition finds out whether it is what was counted. */
    private void requireEnd() {
      if (piece != null
          && piece.skipped() + piece.taken() == piece.rows()
          && current != null
          && current.hasNext()) {
        throw changed("more");
      }
      piece = null;
    }

    private InternalRow advance() {
      if (current == null || !current.hasNext()) {
        throw changed("fewer");
      }
      return current.next();
    }

    private IllegalArgumentException changed(String how) {
      return new IllegalArgumentException(
          "The input has %s rows than when they were counted; make it deterministic, for instance with persist()."
              .formatted(how));
    }

    @Override
    public InternalRow next() {
      if (!hasNext()) {
        throw new NoSuchElementException();
      }
      left--;
      return advance();
    }
  }

  @Override
  public String toString() {
    return "RankPartitions" + Arrays.toString(ofRanks.stream().mapToInt(List::size).toArray());
  }
}
