package io.sparkfocal.data;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Takes in a rank's rows: on the heap as long as they fit their budget, else to disk.
 *
 * <p>On disk they are first dealt to {@value #BUCKETS} files by the highest bits of their hash;
 * each is then sorted in memory and appended to one file, which is in canonical order.
 */
final class ShardWriter implements AutoCloseable {

  private static final int BUCKETS = 256;
  private static final int MOST_BUFFER_BYTES = 64 << 10;

  private final int width;
  private final int stride;
  private final long budget;
  private final Supplier<Path> folders;
  private final int bufferRows;
  private @Nullable RowStore store;
  private @Nullable Path folder;
  private float[][] buffers = {};
  private int[] filled = {};

  /**
   * No rows yet.
   *
   * @param width features of a row
   * @param budget bytes of rows that may lie on the heap
   * @param folders makes an empty folder for rows on disk
   */
  ShardWriter(int width, long budget, Supplier<Path> folders) {
    this.width = width;
    this.stride = RowStore.stride(width);
    this.budget = budget;
    this.folders = folders;
    long fair = Math.min(MOST_BUFFER_BYTES, budget / 2 / BUCKETS) / stride / Float.BYTES;
    this.bufferRows = (int) Math.max(1, fair);
    this.store = new RowStore(width);
  }

  /** Copies a row in: features, label, weight. */
  void add(float[] row) {
    RowStore onHeap = store;
    if (onHeap == null) {
      deal(row);
      return;
    }
    onHeap.add(row);
    if (onHeap.bytes() > budget) {
      spill(onHeap);
    }
  }

  private void spill(RowStore onHeap) {
    folder = folders.get();
    buffers = new float[BUCKETS][];
    filled = new int[BUCKETS];
    float[] row = new float[stride];
    for (int i = 0; i < onHeap.rows(); i++) {
      onHeap.get(i, row, 0);
      deal(row);
    }
    store = null;
  }

  private void deal(float[] row) {
    // The signed order of the hash.
    int bucket = (int) (RowStore.hash(row, 0, width) >>> 56) ^ 0x80;
    if (buffers[bucket] == null) {
      buffers[bucket] = new float[bufferRows * stride];
    }
    System.arraycopy(row, 0, buffers[bucket], filled[bucket] * stride, stride);
    if (++filled[bucket] == bufferRows) {
      flush(bucket);
    }
  }

  private void flush(int bucket) {
    try (FileChannel channel =
        FileChannel.open(file(bucket), StandardOpenOption.CREATE, StandardOpenOption.APPEND)) {
      write(channel, buffers[bucket], filled[bucket]);
      filled[bucket] = 0;
    } catch (IOException e) {
      throw full(e);
    }
  }

  private Path file(int bucket) {
    return java.util.Objects.requireNonNull(folder).resolve("bucket-" + bucket);
  }

  private UncheckedIOException full(IOException e) {
    return new UncheckedIOException(
        "Rows cannot be spilled to %s (%s); free some disk, name another one by spark.local.dir, or raise spark.focal.data.shard-memory."
            .formatted(folder, e.getMessage()),
        e);
  }

  private void write(FileChannel channel, float[] rows, int count) throws IOException {
    ByteBuffer bytes =
        ByteBuffer.allocate(count * stride * Float.BYTES).order(ByteOrder.nativeOrder());
    bytes.asFloatBuffer().put(rows, 0, count * stride);
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }

  /** The rows in canonical order; nothing can be added any more. */
  RowSource finish() {
    RowStore onHeap = store;
    if (onHeap != null) {
      store = null;
      return new HeapRows(onHeap);
    }
    Path sorted = java.util.Objects.requireNonNull(folder).resolve("rows");
    try (FileChannel channel =
        FileChannel.open(sorted, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      for (int bucket = 0; bucket < BUCKETS; bucket++) {
        if (filled[bucket] > 0) {
          flush(bucket);
        }
        buffers[bucket] = new float[0];
        if (Files.exists(file(bucket))) {
          appendSorted(file(bucket), channel);
          Files.delete(file(bucket));
        }
      }
    } catch (IOException e) {
      throw full(e);
    }
    return new SpilledRows(sorted, width, budget);
  }

  private void appendSorted(Path bucket, FileChannel to) throws IOException {
    RowStore rows = new RowStore(width);
    try (FileChannel from = FileChannel.open(bucket, StandardOpenOption.READ)) {
      FloatBuffer floats =
          from.map(FileChannel.MapMode.READ_ONLY, 0, from.size())
              .order(ByteOrder.nativeOrder())
              .asFloatBuffer();
      rows.add(floats, 0, floats.limit() / stride);
    }
    float[] buffer = new float[Math.max(1, MOST_BUFFER_BYTES / stride / Float.BYTES) * stride];
    int count = 0;
    for (int row : rows.canonicalOrder()) {
      rows.get(row, buffer, count * stride);
      if (++count * stride == buffer.length) {
        write(to, buffer, count);
        count = 0;
      }
    }
    write(to, buffer, count);
  }

  /** Deletes what is left on disk; the source that was returned stays good. */
  @Override
  public void close() {
    store = null;
    if (folder == null) {
      return;
    }
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
      folder = null;
    } catch (IOException e) {
      throw new UncheckedIOException("The spilled rows in " + folder + " cannot be deleted.", e);
    }
  }
}
