package io.sparkfocal.blocks;

import io.sparkfocal.data.BadRowException;
import java.nio.charset.StandardCharsets;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.sql.catalyst.expressions.XXH64;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.unsafe.Platform;

/**
 * A row on its way through an exchange: two hashes of its bytes, the bytes, and how many such rows
 * there are; or the sentence against one that cannot be trained on, 0 times.
 *
 * @param bytes from {@link io.sparkfocal.data.RowReader#encoded}, or a sentence
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record ExchangedRow(long hash, long tie, byte[] bytes) {

  static final String HASH = "hash";
  static final String TIE = "tie";

  static final StructType SCHEMA =
      new StructType()
          .add(HASH, DataTypes.LongType, false)
          .add(TIE, DataTypes.LongType, false)
          .add("bytes", DataTypes.BinaryType, false)
          .add("count", DataTypes.IntegerType, false);

  private static final int BYTES = 2;
  private static final int COUNT = 3;

  static ExchangedRow of(byte[] bytes) {
    return new ExchangedRow(hash(bytes, 0), hash(bytes, 1), bytes);
  }

  static InternalRow refusal(String sentence) {
    return of(sentence.getBytes(StandardCharsets.UTF_8)).times(0);
  }

  private static long hash(byte[] bytes, long seed) {
    return XXH64.hashUnsafeBytes(bytes, Platform.BYTE_ARRAY_OFFSET, bytes.length, seed);
  }

  InternalRow times(int count) {
    return new GenericInternalRow(new Object[] {hash, tie, bytes, count});
  }

  /** How many rows a row of the exchange stands for. */
  static int count(InternalRow row) {
    return row.getInt(COUNT);
  }

  /**
   * The bytes of a row of the exchange.
   *
   * @throws IllegalArgumentException if it stands for one that cannot be trained on
   */
  static byte[] bytes(InternalRow row) {
    byte[] bytes = row.getBinary(BYTES);
    if (count(row) == 0) {
      throw new BadRowException(new String(bytes, StandardCharsets.UTF_8));
    }
    return bytes;
  }
}
