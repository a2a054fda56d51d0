package io.sparkfocal.blocks;

import io.sparkfocal.compat.InternalRows;
import io.sparkfocal.compat.RddLineage;
import io.sparkfocal.data.RowReader;
import java.util.Iterator;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.rdd.RDD;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.catalyst.InternalRow;

/**
 * The partitions of an input.
 *
 * <p>Files, ranges and what else comes without a shuffle keep their own. What comes out of a
 * shuffle is cut by adaptive execution, by sizes of the moment, and in an order of arrival; so it
 * goes through one exchange by a hash of the rows' content, and is sorted by it.
 *
 * @param rdd the rows
 * @param exchanged whether they are those of {@link ExchangedRow}
 */
record InputPlan(RDD<InternalRow> rdd, boolean exchanged) {

  /** Of an exchange, at least: as many tasks can make blocks, and few rows are lost with one. */
  private static final int FEWEST_PARTITIONS = 32;

  /**
   * Of the rows that a reader reads. What lies before a shuffle is computed here and now, where
   * Spark plans as it goes.
   *
   * @param ranks how many will train: an exchange has a partition for each at least
   */
  static InputPlan of(Dataset<Row> rows, RowReader reader, int ranks) {
    RDD<InternalRow> own = rows.queryExecution().toRdd();
    if (RddLineage.isNarrow(own)) {
      return new InputPlan(own, false);
    }
    Dataset<Row> encoded =
        InternalRows.dataFrame(
            rows.sparkSession(),
            own.toJavaRDD().mapPartitions(new Encode(reader)).rdd(),
            ExchangedRow.SCHEMA);
    return new InputPlan(
        encoded
            .repartition(Math.max(ranks, FEWEST_PARTITIONS), encoded.col(ExchangedRow.HASH))
            .sortWithinPartitions(ExchangedRow.HASH, ExchangedRow.TIE)
            .queryExecution()
            .toRdd(),
        true);
  }

  private record Encode(RowReader reader)
      implements FlatMapFunction<Iterator<InternalRow>, InternalRow> {

    @Override
    public Iterator<InternalRow> call(Iterator<InternalRow> rows) {
      return new ExchangedRows(reader.encoded(rows));
    }
  }
}
