package io.sparkfocal.job;

import io.sparkfocal.blocks.BlockStore;
import io.sparkfocal.persist.SeekableBytes;
import java.io.IOException;
import java.io.OutputStream;
import java.io.Serializable;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.apache.spark.SparkContext;
import org.apache.spark.TaskContext;

/**
 * Bytes of any number that a task leaves to the driver as blocks of Spark's store, so that no limit
 * of a task's result holds for them; the result itself says only where they are.
 *
 * @param rdd under whose number they lie; of no other blocks
 * @param length bytes of a block
 */
record ResultBlocks(int rdd, int length) implements Serializable {

  /** Room for an array's header below whole MiB, in which G1 counts large objects. */
  static final int LENGTH = (4 << 20) - 64;

  /** A stage that Spark repeats has blocks of its own. */
  private static final int OF_A_STAGE_ATTEMPT = 1 << 24;

  /** New ones of an attempt. */
  static ResultBlocks of(SparkContext spark, int length) {
    return new ResultBlocks(spark.newRddId(), length);
  }

  /** Something that writes bytes. */
  interface Content {
    void write(OutputStream out) throws IOException;
  }

  /**
   * Stores bytes, in a task; if it fails, none of them.
   *
   * @return where they are
   * @throws IOException if they cannot be stored
   */
  byte[] put(TaskContext task, Content content) throws IOException {
    BlockStore store = store();
    boolean done = false;
    try (Stored out = new Stored(store, task)) {
      content.write(out);
      out.store();
      done = true;
      return ByteBuffer.allocate(Integer.BYTES + Long.BYTES)
          .putInt(out.first)
          .putLong(out.written)
          .array();
    } finally {
      if (!done) {
        store.removeHereUnless(number -> false);
      }
    }
  }

  private BlockStore store() {
    return new BlockStore(rdd, false);
  }

  private final class Stored extends OutputStream {

    private final BlockStore store;
    private final TaskContext task;
    private final int first;
    private byte[] block = new byte[length];
    private int filled;
    private long written;

    Stored(BlockStore store, TaskContext task) {
      this.store = store;
      this.task = task;
      this.first = task.stageAttemptNumber() * OF_A_STAGE_ATTEMPT;
    }

    @Override
    public void write(int value) throws IOException {
      write(new byte[] {(byte) value}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int count) throws IOException {
      for (int done = 0; done < count; ) {
        int part = Math.min(count - done, length - filled);
        System.arraycopy(bytes, offset + done, block, filled, part);
        filled += part;
        done += part;
        written += part;
        if (filled == length) {
          store();
          block = new byte[length];
        }
      }
    }

    /** What has been written since the last full block. */
    void store() {
      if (filled == 0) {
        return;
      }
      task.killTaskIfInterrupted();
      int number = first + (int) ((written - 1) / length);
      byte[] content = filled == length ? block : Arrays.copyOf(block, filled);
      store.put(number, content);
      filled = 0;
    }
  }

  /**
   * Those that a task has put, on the driver.
   *
   * @param where what {@link #put} gave
   */
  SeekableBytes get(byte[] where) {
    return new Fetched(ByteBuffer.wrap(where).getInt(), ByteBuffer.wrap(where).getLong(4));
  }

  private final class Fetched implements SeekableBytes {

    private final int first;
    private final long total;
    private int held = -1;
    private byte[] block = new byte[0];

    Fetched(int first, long total) {
      this.first = first;
      this.total = total;
    }

    @Override
    public long length() {
      return total;
    }

    @Override
    public void read(long at, byte[] target, int count) {
      for (int done = 0; done < count; ) {
        int number = (int) ((at + done) / length);
        int from = (int) ((at + done) % length);
        if (number != held) {
          block = new byte[0];
          block = fetched(first + number);
          held = number;
        }
        int part = Math.min(count - done, block.length - from);
        System.arraycopy(block, from, target, done, part);
        done += part;
      }
    }
  }

  private byte[] fetched(int number) {
    byte[] block = store().get(number);
    if (block == null) {
      throw new TrainingException(
          "Block %s of the trained network is lost with the executor that held it."
              .formatted(number),
          null);
    }
    return block;
  }

  /** Has them deleted, without waiting for it. */
  void remove() {
    store().removeAll();
  }
}
