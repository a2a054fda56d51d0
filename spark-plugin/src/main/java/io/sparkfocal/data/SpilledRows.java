package io.sparkfocal.data;

import io.sparkfocal.train.Shuffle;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Rows in a file in canonical order, mapped into memory; while one window of them is used, a thread
 * reads the next.
 *
 * <p>An epoch visits chunks of the file in random order, as many at a time as fit half the budget,
 * and their rows in random order. Since the order of the file is that of a hash, a chunk is a
 * random sample of the rows. The file is deleted as soon as it is mapped: nothing is left of it
 * when the process ends.
 */
final class SpilledRows implements RowSource {

  private static final int CHUNK_BYTES = 256 << 10;
  private static final long SEGMENT_BYTES = 1 << 30;

  private final int width;
  private final long rows;
  private final int chunkRows;
  private final int windowChunks;
  private final int segmentRows;
  private final List<FloatBuffer> segments = new ArrayList<>();
  private Standardization standardization;

  /**
   * Maps a file.
   *
   * @param file rows as {@link RowStore} has them, in native byte order; deleted
   * @param budget bytes that two windows may take
   */
  SpilledRows(Path file, int width, long budget) {
    int rowBytes = RowStore.stride(width) * Float.BYTES;
    this.width = width;
    this.standardization = Standardization.none(width);
    this.chunkRows = Math.max(1, CHUNK_BYTES / rowBytes);
    this.windowChunks = (int) Math.max(1, budget / 2 / ((long) chunkRows * rowBytes));
    this.segmentRows = (int) (SEGMENT_BYTES / rowBytes / chunkRows) * chunkRows;
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      long size = channel.size();
      this.rows = size / rowBytes;
      long segmentBytes = (long) segmentRows * rowBytes;
      for (long at = 0; at < size; at += segmentBytes) {
        long length = Math.min(segmentBytes, size - at);
        segments.add(
            channel
                .map(FileChannel.MapMode.READ_ONLY, at, length)
                .order(ByteOrder.nativeOrder())
                .asFloatBuffer());
      }
      Files.delete(file);
    } catch (IOException e) {
      throw new UncheckedIOException("The spilled rows in " + file + " cannot be read.", e);
    }
  }

  @Override
  public long rows() {
    return rows;
  }

  @Override
  public int width() {
    return width;
  }

  private int chunks() {
    return (int) ((rows + chunkRows - 1) / chunkRows);
  }

  @Override
  public Windows ordered() {
    int[] inOrder = IntStream.range(0, chunks()).toArray();
    return new Prefetched(inOrder, size -> IntStream.range(0, size).toArray());
  }

  @Override
  public Windows shuffled(Shuffle shuffle) {
    return new Prefetched(shuffle.order(chunks()), shuffle::order);
  }

  @Override
  public void standardize(Standardization values) {
    standardization = values;
  }

  @Override
  public boolean isInMemory() {
    return false;
  }

  @Override
  public void close() {
    segments.clear();
  }

  private Window window(int[] chunks, IntFunction<int[]> order) {
    RowStore store = new RowStore(width);
    Arrays.sort(chunks);
    for (int chunk : chunks) {
      long from = (long) chunk * chunkRows;
      int count = (int) Math.min(chunkRows, rows - from);
      int place = (int) (from % segmentRows);
      store.add(segments.get((int) (from / segmentRows)), place, place + count);
    }
    store.standardize(standardization);
    return new Window(store, order.apply(store.rows()));
  }

  private final class Prefetched implements Windows {

    private final ExecutorService reader =
        Executors.newSingleThreadExecutor(
            work -> {
              Thread thread = new Thread(work, "focal-prefetch");
              thread.setDaemon(true);
              return thread;
            });
    private final int[] chunks;
    private final IntFunction<int[]> order;
    private int next;
    private @Nullable CompletableFuture<Window> ahead;

    Prefetched(int[] chunks, IntFunction<int[]> order) {
      this.chunks = chunks;
      this.order = order;
      readAhead();
    }

    private void readAhead() {
      if (next == chunks.length) {
        ahead = null;
        return;
      }
      int[] wanted = Arrays.copyOfRange(chunks, next, Math.min(chunks.length, next + windowChunks));
      next += wanted.length;
      ahead = CompletableFuture.supplyAsync(() -> window(wanted, order), reader);
    }

    @Override
    public @Nullable Window next() {
      CompletableFuture<Window> reading = ahead;
      if (reading == null) {
        return null;
      }
      Window window = reading.join();
      readAhead();
      return window;
    }

    @Override
    public void close() {
      reader.shutdownNow();
    }
  }
}
