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

  private static final byte[] LEFT_OUT = {};

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
    BlockWriter writer = new BlockWriter(columns, sink);
    while (rows.hasNext()) {
      ParsedRow row = parser.parse(rows.next());
      if (row == null) {
        writer.skip();
      } else {
        writer.add(row);
      }
    }
    return writer.end(parser.widths());
  }

  /**
   * Rows as bytes, in which equal rows are equal whatever columns they came from; no bytes for a
   * row that is left out.
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
        ParsedRow row = parser.parse(rows.next());
        return row == null ? LEFT_OUT : row.encode();
      }
    };
  }

  /** Reads rows that are given as {@link #encoded} gives them; throws as {@link #read}. */
  public PartitionRows readEncoded(Iterator<byte[]> rows, Sink sink) {
    ParsedRow row = new ParsedRow();
    int[] widths = {};
    BlockWriter writer = new BlockWriter(columns, sink);
    while (rows.hasNext()) {
      byte[] bytes = rows.next();
      if (bytes.length == 0) {
        writer.skip();
        continue;
      }
      row.decode(bytes);
      if (widths.length == 0) {
        widths = row.widths();
      }
      columns.features().requireWidths(row.widths(), widths);
      writer.add(row);
    }
    return writer.end(columns.features().widths(row.width(), row.widths()));
  }
}
