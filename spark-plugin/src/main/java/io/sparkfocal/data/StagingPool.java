package io.sparkfocal.data;

import io.sparkfocal.cuda.UploadStream;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;

/**
 * The stream to a GPU and the pinned memory through which the batches of one shard go, epoch after
 * epoch: to pin and to free memory takes up to a tenth of a second, in which CUDA may wait for all
 * GPUs of the process. Not thread-safe.
 */
final class StagingPool implements AutoCloseable {

  private final UploadStream stream;
  private final Deque<UploadStream.Staging> free = new ArrayDeque<>();

  /**
   * To a GPU, by its number in this process.
   *
   * @throws IllegalStateException if CUDA does not load here or fails
   */
  StagingPool(int gpu) {
    this.stream = UploadStream.to(gpu);
  }

  UploadStream stream() {
    return stream;
  }

  /**
   * Pinned memory of at least that many bytes: the smallest that is free and suffices, or new one
   * in place of one that is too small. To be given back.
   */
  UploadStream.Staging take(long bytes) {
    UploadStream.Staging found =
        free.stream()
            .filter(staging -> staging.bytes() >= bytes)
            .min(Comparator.comparingLong(UploadStream.Staging::bytes))
            .orElse(null);
    if (found != null) {
      free.remove(found);
      return found;
    }
    if (!free.isEmpty()) {
      free.pop().close();
    }
    return stream.staging(bytes);
  }

  /** Takes it back, once the copies out of it are done. */
  void giveBack(UploadStream.Staging staging) {
    staging.finish();
    free.push(staging);
  }

  /** Frees the stream and what has been given back. */
  @Override
  public void close() {
    free.forEach(UploadStream.Staging::close);
    free.clear();
    stream.close();
  }
}
