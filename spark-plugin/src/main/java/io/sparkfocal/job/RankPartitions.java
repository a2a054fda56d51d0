package io.sparkfocal.job;

import io.sparkfocal.compat.RddLineage;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.stream.IntStream;
import org.apache.spark.Partition;
import org.apache.spark.TaskContext;
import org.apache.spark.rdd.RDD;
import org.apache.spark.sql.catalyst.InternalRow;
import org.jspecify.annotations.Nullable;

/**
 * Partitions of the input dealt to ranks as they are, several to each: what a file scan or a cached
 * table gives needs no shuffle, though Spark lets no barrier stage coalesce it (SPARK-24820).
 *
 * @param input what they are partitions of
 * @param ofRanks those of each rank
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record RankPartitions(RDD<InternalRow> input, Partition[][] ofRanks) implements Serializable {

  /**
   * Deals them, the largest first, each to the rank that has least.
   *
   * @param rows how many rows each partition has
   * @return null if the input comes out of a shuffle, or the largest share is more than {@code
   *     largestSkew} times the mean
   */
  static @Nullable RankPartitions deal(
      RDD<InternalRow> input, long[] rows, int ranks, double largestSkew) {
    if (input.getNumPartitions() != rows.length
        || rows.length < ranks
        || !RddLineage.isNarrow(input)) {
      return null;
    }
    long[] dealt = new long[ranks];
    List<List<Integer>> numbers = new ArrayList<>();
    IntStream.range(0, ranks).forEach(rank -> numbers.add(new ArrayList<>()));
    IntStream.range(0, rows.length)
        .boxed()
        .sorted(Comparator.<Integer>comparingLong(i -> -rows[i]).thenComparing(i -> i))
        .forEach(
            i -> {
              int least =
                  IntStream.range(0, ranks).reduce(0, (a, b) -> dealt[b] < dealt[a] ? b : a);
              dealt[least] += rows[i];
              numbers.get(least).add(i);
            });
    long all = Arrays.stream(rows).sum();
    long largest = Arrays.stream(dealt).max().orElse(0);
    if ((double) largest * ranks > largestSkew * all) {
      return null;
    }
    Partition[] partitions = input.partitions();
    Partition[][] ofRanks =
        numbers.stream()
            .map(own -> own.stream().sorted().map(i -> partitions[i]).toArray(Partition[]::new))
            .toArray(Partition[][]::new);
    return new RankPartitions(input, ofRanks);
  }

  /** The rows of one rank; runs in its task. */
  Iterator<InternalRow> rows(int rank) {
    Iterator<Partition> partitions = Arrays.asList(ofRanks[rank]).iterator();
    TaskContext context = TaskContext.get();
    return new Iterator<>() {

      private scala.collection.@Nullable Iterator<InternalRow> current;

      @Override
      public boolean hasNext() {
        while (current == null || !current.hasNext()) {
          if (!partitions.hasNext()) {
            return false;
          }
          current = input.iterator(partitions.next(), context);
        }
        return true;
      }

      @Override
      public InternalRow next() {
        if (!hasNext() || current == null) {
          throw new NoSuchElementException();
        }
        return current.next();
      }
    };
  }
}
