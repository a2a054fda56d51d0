package io.sparkfocal.ml;

import io.sparkfocal.data.FeatureEncoding;
import io.sparkfocal.network.CounterRandom;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import org.jspecify.annotations.Nullable;

/**
 * A batch of encoded rows, among which the values of a feature are exchanged.
 *
 * <p>Batches have {@link #LEAST} rows or more, up to 2,048 in 16 MiB, and {@link #LEAST} beside,
 * unless their partition has fewer: so the last one of a partition is never small.
 */
final class ShuffledRows {

  /** An exchange among fewer leaves too many values where they were, or near. */
  static final int LEAST = 256;

  private static final int MOST = 2048;
  private static final int BYTES = 16 << 20;

  private final FeatureEncoding encoding;
  private final Scorer scorer;
  private final int width;
  private final int size;
  private final float[] inputs;
  private final int[] labels;
  private final int[] order;
  private final int batchRows;
  private final ByteBuffer batch;
  private int rows;
  private long batches;

  ShuffledRows(FeatureEncoding encoding, Scorer scorer) {
    this.encoding = encoding;
    this.scorer = scorer;
    this.width = scorer.features();
    this.size = Math.max(LEAST, Math.min(MOST, BYTES / (width * Float.BYTES)));
    this.inputs = new float[Math.multiplyExact(size + LEAST, width)];
    this.labels = new int[size + LEAST];
    this.order = new int[size + LEAST];
    this.batchRows = scorer.batchRows();
    this.batch = scorer.newInput(batchRows);
  }

  /** Takes what a row of logits belongs to. */
  interface Sink {

    /** Adds the row whose logits begin at a place. */
    void add(float[] logits, int from, int label);
  }

  /** Whether the rows must be scored before another is added. */
  boolean isFull() {
    return rows == labels.length;
  }

  boolean isEmpty() {
    return rows == 0;
  }

  void add(float[] encoded, int label) {
    System.arraycopy(encoded, 0, inputs, rows * width, width);
    labels[rows++] = label;
  }

  /** How many rows are scored next: all that are the last, else all but {@link #LEAST}. */
  int next(boolean last) {
    return last ? rows : Math.min(rows, size);
  }

  /** Forgets the first rows. */
  void drop(int count) {
    System.arraycopy(inputs, count * width, inputs, 0, (rows - count) * width);
    System.arraycopy(labels, count, labels, 0, rows - count);
    rows -= count;
    batches++;
  }

  /** Scores the first rows as they are. */
  void score(int count, Sink sink) {
    score(count, null, sink);
  }

  /**
   * Scores the first rows with the values of a feature exchanged among them: a function of the keys
   * and of how many batches there were before.
   */
  void score(int count, int feature, Sink sink, long seed, int repeat, int partition) {
    CounterRandom random = CounterRandom.keyed(seed, feature, repeat, partition, batches);
    for (int i = 0; i < count; i++) {
      int other = random.nextInt(i + 1);
      order[i] = order[other];
      order[other] = i;
    }
    score(count, encoding.inputsOf(feature), sink);
  }

  private void score(int count, int @Nullable [] exchanged, Sink sink) {
    FloatBuffer floats = batch.asFloatBuffer();
    for (int from = 0; from < count; from += batchRows) {
      int length = Math.min(batchRows, count - from);
      floats.put(0, inputs, from * width, length * width);
      for (int i = 0; exchanged != null && i < length; i++) {
        for (int place : exchanged) {
          floats.put(i * width + place, inputs[order[from + i] * width + place]);
        }
      }
      float[] logits = scorer.logits(batch, length);
      for (int i = 0; i < length; i++) {
        sink.add(logits, i * scorer.outputs(), labels[from + i]);
      }
    }
  }
}
