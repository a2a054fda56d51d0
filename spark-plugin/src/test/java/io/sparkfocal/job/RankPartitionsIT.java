package io.sparkfocal.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkfocal.testing.TestSpark;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.rdd.RDD;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.InternalRow;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class RankPartitionsIT {

  private final SparkSession spark = TestSpark.local();

  private RDD<InternalRow> rows(int count, int partitions) {
    return spark.range(0, count, 1, partitions).queryExecution().toRdd();
  }

  /** The numbers that each rank reads, in a task of its own. */
  private List<List<Long>> read(RankPartitions cut, int ranks) {
    JavaSparkContext context = JavaSparkContext.fromSparkContext(spark.sparkContext());
    List<Integer> numbers = IntStream.range(0, ranks).boxed().toList();
    return context
        .parallelize(numbers, ranks)
        .map(
            rank -> {
              List<Long> values = new ArrayList<>();
              cut.rows(rank).forEachRemaining(row -> values.add(row.getLong(0)));
              return values;
            })
        .collect();
  }

  private static RankPartitions cut(RDD<InternalRow> rows, long[] counts, int ranks) {
    return Objects.requireNonNull(RankPartitions.cut(rows, counts, ranks));
  }

  @Test
  void everyRankReadsEquallyManyRowsAndEachOnce() {
    RankPartitions cut = cut(rows(31, 3), new long[] {10, 10, 11}, 2);
    List<List<Long>> read = read(cut, 2);
    assertThat(read.get(0)).hasSize(15);
    assertThat(read.get(1)).hasSize(16);
    List<Long> all = new ArrayList<>(read.get(0));
    all.addAll(read.get(1));
    assertThat(all)
        .containsExactlyElementsOf(IntStream.range(0, 31).mapToObj(i -> (long) i).toList());
  }

  @Test
  void emptyPartitionsAndWholeOnesAreFine() {
    RDD<InternalRow> rows =
        spark.range(0, 40, 1, 4).where("id < 10 or id >= 20").queryExecution().toRdd();
    List<List<Long>> read = read(cut(rows, new long[] {10, 0, 10, 10}, 3), 3);
    assertThat(read).extracting(List::size).containsExactly(10, 10, 10);
  }

  @Test
  void aShuffleOrTooFewPartitionsAreNotCut() {
    Dataset<Long> shuffled = spark.range(0, 30, 1, 3).repartition(3);
    RDD<InternalRow> rows = shuffled.queryExecution().toRdd();
    assertThat(RankPartitions.cut(rows, new long[] {10, 10, 10}, 2)).isNull();
    // Four ranks would read one partition four times.
    assertThat(RankPartitions.cut(rows(30, 1), new long[] {30}, 4)).isNull();
    assertThat(RankPartitions.cut(rows(30, 3), new long[] {15, 15}, 2)).isNull();
  }

  @Test
  void rowsThatCameOrWentSinceTheyWereCountedAreNoticed() {
    RankPartitions fewer = cut(rows(20, 2), new long[] {10, 11}, 2);
    assertThatThrownBy(() -> read(fewer, 2))
        .hasMessageContaining("The input has fewer rows than when they were counted");
    RankPartitions more = cut(rows(20, 2), new long[] {10, 9}, 2);
    assertThatThrownBy(() -> read(more, 2))
        .hasMessageContaining("The input has more rows than when they were counted");
  }
}
