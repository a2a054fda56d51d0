package io.sparkfocal.data;

import java.io.Serializable;
import java.util.Iterator;
import org.apache.spark.sql.catalyst.InternalRow;

/**
 * Reads the rows that {@link TrainingColumns#rows} selects into blocks, or into bytes of which
 * {@link #readEncoded} makes blocks.
 *
 * @param columns what there is
 * @param declaredWidth how many features a row has; -1 if that is for the first row to say
 */
public record RowReader(TrainingColumns columns, int declaredWidth) implements Serializable {

  /** Takes finished blocks. */
  @FunctionalInterface
  public interface Sink {

    /**
     * Keeps a block.
     *
     * @param number how many there were before
     */
    void put(int number, byte[] block);
  }

  /**
   * Reads all rows.
   *
   * @throws IllegalArgumentException at the first row that cannot be trained on
   */
  public PartitionRows read(Iterator<InternalRow> rows, Sink sink) {
    RowParser parser = new RowParser(columns, declaredWidth);
    BlockWriter writer = new BlockWriter(columns.features(), sink);
    while (rows.hasNext()) {
      writer.add(parser.parse(rows.next()));
    }
    return writer.end();
  }

  /**
   * Rows as bytes, in which equal rows are equal whatever columns they came from.
   *
   * <p>{@code next} throws {@code IllegalArgumentException} at a row that cannot be trained on.
   */
  public Iterator<byte[]> encoded(Iterator<InternalRow> rows) {
    RowParser parser = new RowParser(columns, declaredWidth);
    return new Iterator<>() {
      @Override
      public boolean hasNext() {
        return rows.hasNext();
      }

      @Override
      public byte[] next() {
        return parser.parse(rows.next()).encode();
      }
    };
  }

  /** Reads rows that are given as {@link #encoded} gives them; throws as {@link #read}. */
  public PartitionRows readEncoded(Iterator<byte[]> rows, Sink sink) {
    ParsedRow row = new ParsedRow();
    BlockWriter writer = new BlockWriter(columns.features(), sink);
    while (rows.hasNext()) {
      row.decode(rows.next());
      writer.add(row);
    }
    return writer.end();
  }
}
