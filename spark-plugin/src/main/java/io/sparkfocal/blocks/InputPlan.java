package io.sparkfocal.blocks;

import io.sparkfocal.compat.InternalRows;
import io.sparkfocal.compat.RddLineage;
import io.sparkfocal.data.RowReader;
import java.nio.charset.StandardCharsets;
import java.util.Iterator;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.rdd.RDD;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.sql.catalyst.expressions.XXH64;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.unsafe.Platform;

/**
 * The partitions of an input.
 *
 * <p>Files, ranges and what else comes without a shuffle keep their own. What comes out of a
 * shuffle is cut by adaptive execution, by sizes of the moment, and in an order of arrival; so it
 * goes through one exchange by a hash of the rows' content, and is sorted by it.
 *
 * @param rdd the rows
 * @param exchanged whether they are the bytes that {@link RowReader#encoded} makes
 */
record InputPlan(RDD<InternalRow> rdd, boolean exchanged) {

  private static final int BYTES = 2;
  private static final int REFUSED = 3;
  private static final StructType SCHEMA =
      new StructType()
          .add("hash", DataTypes.LongType, false)
          .add("tie", DataTypes.LongType, false)
          .add("bytes", DataTypes.BinaryType, false)
          .add("refused", DataTypes.BooleanType, false);

  /**
   * Of the rows that a reader reads. What lies before a shuffle is computed here and now, where
   * Spark plans as it goes.
   *
   * @param partitions of an exchange, if there is one
   */
  static InputPlan of(Dataset<Row> rows, RowReader reader, int partitions) {
    RDD<InternalRow> own = rows.queryExecution().toRdd();
    if (RddLineage.isNarrow(own)) {
      return new InputPlan(own, false);
    }
    Dataset<Row> encoded =
        InternalRows.dataFrame(
            rows.sparkSession(), own.toJavaRDD().mapPartitions(new Encode(reader)).rdd(), SCHEMA);
    return new InputPlan(
        encoded
            .repartition(partitions, encoded.col("hash"))
            .sortWithinPartitions("hash", "tie")
            .queryExecution()
            .toRdd(),
        true);
  }

  /**
   * The bytes of an exchanged row.
   *
   * @throws IllegalArgumentException if it stands for one that cannot be trained on
   */
  static byte[] bytes(InternalRow row) {
    byte[] bytes = row.getBinary(BYTES);
    if (row.getBoolean(REFUSED)) {
      throw new IllegalArgumentException(new String(bytes, StandardCharsets.UTF_8));
    }
    return bytes;
  }

  /** Ends with a sentence against the first row that cannot be trained on. */
  private record Encode(RowReader reader)
      implements FlatMapFunction<Iterator<InternalRow>, InternalRow> {

    @Override
    public Iterator<InternalRow> call(Iterator<InternalRow> rows) {
      Iterator<byte[]> encoded = reader.encoded(rows);
      return new Iterator<>() {

        private boolean refused;

        @Override
        public boolean hasNext() {
          return !refused && encoded.hasNext();
        }

        @Override
        public InternalRow next() {
          try {
            return row(encoded.next(), false);
          } catch (IllegalArgumentException e) {
            refused = true;
            return row(String.valueOf(e.getMessage()).getBytes(StandardCharsets.UTF_8), true);
          }
        }
      };
    }

    private static InternalRow row(byte[] bytes, boolean refused) {
      return new GenericInternalRow(new Object[] {hash(bytes, 0), hash(bytes, 1), bytes, refused});
    }

    private static long hash(byte[] bytes, long seed) {
      return XXH64.hashUnsafeBytes(bytes, Platform.BYTE_ARRAY_OFFSET, bytes.length, seed);
    }
  }
}
