package io.sparkfocal.blocks;

import io.sparkfocal.data.BadRowException;
import io.sparkfocal.data.ClassRows;
import io.sparkfocal.data.PartitionRows;
import io.sparkfocal.data.RowReader;
import io.sparkfocal.plugin.NativeEngine;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.function.Function2;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.util.TaskFailureListener;

/**
 * Reads one partition of the input into blocks; its result is what {@link PartitionReport} reads.
 *
 * @param store where the blocks go
 * @param partitions how many the input has
 * @param exchanged whether its rows are those of an exchange
 */
record BlockTask(BlockStore store, int partitions, RowReader reader, boolean exchanged)
    implements Function2<Integer, Iterator<InternalRow>, Iterator<byte[]>> {

  private static final long ROWS_BETWEEN_LOOKS = 64;

  /** Of the numbers of rows by class of all partitions, as results of tasks. */
  private static final int MOST_RESULT_BYTES = 64 << 20;

  @Override
  public Iterator<byte[]> call(Integer partition, Iterator<InternalRow> rows) throws IOException {
    // This executor is likely to train; without the plugin its first task would wait for PyTorch.
    NativeEngine.begin(TaskContext.get().cpus());
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (DataOutputStream out = new DataOutputStream(bytes)) {
      out.writeInt(partition);
      write(partition, rows, out);
    }
    return List.of(bytes.toByteArray()).iterator();
  }

  private void write(int partition, Iterator<InternalRow> rows, DataOutputStream out)
      throws IOException {
    PartitionRows read;
    try {
      RowReader.Sink sink = sink(partition);
      Cancellable cancellable = new Cancellable(rows);
      read =
          exchanged
              ? reader.readEncoded(new Encoded(cancellable), sink)
              : reader.read(cancellable, sink);
    } catch (BadRowException e) {
      out.writeBoolean(false);
      byte[] sentence = String.valueOf(e.getMessage()).getBytes(StandardCharsets.UTF_8);
      out.write(sentence);
      return;
    }
    out.writeBoolean(true);
    read.write(out);
    byte[] classRows = ClassRows.encode(read.classRows());
    boolean isSmall = classRows.length <= MOST_RESULT_BYTES / partitions;
    out.writeBoolean(isSmall);
    if (isSmall) {
      out.write(classRows);
    } else {
      store.put(PartitionReport.id(partition, read.blocks().size(), partitions), classRows);
    }
  }

  /** Blocks of a task that does not end well are of no use, and nobody else would remove them. */
  private RowReader.Sink sink(int partition) {
    TaskContext context = TaskContext.get();
    List<Integer> stored = new ArrayList<>();
    context.addTaskFailureListener(
        (TaskFailureListener) (failed, error) -> stored.forEach(store::removeHere));
    return (number, block) -> {
      context.killTaskIfInterrupted();
      int id = PartitionReport.id(partition, number, partitions);
      stored.add(id);
      store.put(id, block);
    };
  }

  /** Ends soon after the task is cancelled. */
  private static final class Cancellable implements Iterator<InternalRow> {

    private final Iterator<InternalRow> rows;
    private final TaskContext context = TaskContext.get();
    private long taken;

    Cancellable(Iterator<InternalRow> rows) {
      this.rows = rows;
    }

    @Override
    public boolean hasNext() {
      return rows.hasNext();
    }

    @Override
    public InternalRow next() {
      if (taken++ % ROWS_BETWEEN_LOOKS == 0) {
        context.killTaskIfInterrupted();
      }
      return rows.next();
    }
  }

  /** The bytes of exchanged rows, as often as each is there. */
  private static final class Encoded implements Iterator<byte[]> {

    private final Iterator<InternalRow> rows;
    private byte[] bytes = new byte[0];
    private int left;

    Encoded(Iterator<InternalRow> rows) {
      this.rows = rows;
    }

    @Override
    public boolean hasNext() {
      return left > 0 || rows.hasNext();
    }

    @Override
    public byte[] next() {
      if (left == 0) {
        InternalRow row = rows.next();
        bytes = ExchangedRow.bytes(row);
        left = ExchangedRow.count(row);
      }
      left--;
      return bytes;
    }
  }

  static UncheckedIOException unreadable(IOException cause) {
    return new UncheckedIOException("The result of a task that read rows is damaged.", cause);
  }
}
