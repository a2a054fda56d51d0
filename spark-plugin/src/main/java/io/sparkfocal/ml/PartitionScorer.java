package io.sparkfocal.ml;

import io.sparkfocal.calibration.LogitLink;
import io.sparkfocal.data.FeatureLayout;
import io.sparkfocal.data.RowFeatures;
import io.sparkfocal.persist.TrainedNetwork;
import io.sparkfocal.plugin.NativeEngine;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.ml.linalg.Vectors;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.util.TaskCompletionListener;
import org.jspecify.annotations.Nullable;

/**
 * Appends scores to the rows of a partition, a batch at a time.
 *
 * <p>A batch is bounded by what its rows take on the heap, and by what {@link Scorer#batchRows}
 * says; of its scores there are the logits, from which each row gets its vectors as it is asked
 * for.
 *
 * @param scoring the network
 * @param layout where the features are
 * @param output which columns to append
 * @param scores from probabilities to a class
 */
record PartitionScorer(
    TrainedNetwork.Scoring scoring, FeatureLayout layout, OutputColumns output, ClassScores scores)
    implements MapPartitionsFunction<Row, Row> {

  /** Of rows, with all their columns; a batch ends with the row that reaches it. */
  static final long ROW_BYTES = 16 << 20;

  @Override
  public Iterator<Row> call(Iterator<Row> rows) {
    if (!rows.hasNext()) {
      return rows;
    }
    TaskContext context = TaskContext.get();
    NativeEngine.require(context.cpus());
    Scorer scorer = new Scorer(scoring);
    context.addTaskCompletionListener((TaskCompletionListener) ended -> scorer.close());
    return scored(rows, scorer);
  }

  Iterator<Row> scored(Iterator<Row> rows, Scorer scorer) {
    return new ScoredRows(rows, scorer);
  }

  private final class ScoredRows implements Iterator<Row> {

    private final Iterator<Row> rows;
    private final Scorer scorer;
    private final float[] values;
    private final int batchRows;
    private final ByteBuffer input;
    private final Deque<Row> waiting = new ArrayDeque<>();
    private float[] logits = {};
    private int scored;
    private @Nullable RowFeatures features;
    private @Nullable RowBytes rowBytes;

    ScoredRows(Iterator<Row> rows, Scorer scorer) {
      this.rows = rows;
      this.scorer = scorer;
      this.values = new float[scorer.features()];
      this.batchRows = scorer.batchRows();
      this.input = scorer.newInput(batchRows);
    }

    @Override
    public boolean hasNext() {
      return !waiting.isEmpty() || rows.hasNext();
    }

    @Override
    public Row next() {
      if (waiting.isEmpty()) {
        if (!rows.hasNext()) {
          throw new NoSuchElementException();
        }
        scoreBatch();
      }
      return scored(waiting.remove(), logits, scored++ * scorer.outputs());
    }

    private void scoreBatch() {
      logits = new float[0];
      scored = 0;
      FloatBuffer floats = input.asFloatBuffer();
      long bytes = 0;
      while (waiting.size() < batchRows && bytes < ROW_BYTES && rows.hasNext()) {
        Row row = rows.next();
        reader(row).read(row, values);
        for (int i = 0; i < values.length; i++) {
          floats.put(scorer.standardize(values[i], i));
        }
        waiting.add(row);
        bytes += rowBytes(row).of(row);
      }
      logits = scorer.logits(input, waiting.size());
    }

    private RowBytes rowBytes(Row row) {
      if (rowBytes == null) {
        rowBytes = new RowBytes(row.schema());
      }
      return rowBytes;
    }

    private RowFeatures reader(Row row) {
      if (features == null) {
        features = RowFeatures.of(layout, row.schema(), values.length);
      }
      return features;
    }

    private Row scored(Row row, float[] logits, int from) {
      double[] raw = scoring.link().raw(logits, from, scorer.outputs());
      double[] probabilities = LogitLink.probabilities(raw, scorer.outputs());
      List<Object> columns = new ArrayList<>(row.size() + 3);
      for (int i = 0; i < row.size(); i++) {
        columns.add(row.get(i));
      }
      if (!output.rawPrediction().isEmpty()) {
        columns.add(Vectors.dense(raw));
      }
      if (!output.probability().isEmpty()) {
        columns.add(Vectors.dense(probabilities));
      }
      if (!output.prediction().isEmpty()) {
        columns.add((double) scores.predict(probabilities));
      }
      return RowFactory.create(columns.toArray());
    }
  }
}
