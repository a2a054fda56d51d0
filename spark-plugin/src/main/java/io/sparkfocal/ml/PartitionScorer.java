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
 * @param scoring the network
 * @param layout where the features are
 * @param output which columns to append
 * @param scores from probabilities to a class
 */
record PartitionScorer(
    TrainedNetwork.Scoring scoring, FeatureLayout layout, OutputColumns output, ClassScores scores)
    implements MapPartitionsFunction<Row, Row> {

  private static final int BATCH_ROWS = 1024;
  private static final int BATCH_BYTES = 16 << 20;

  @Override
  public Iterator<Row> call(Iterator<Row> rows) {
    if (!rows.hasNext()) {
      return rows;
    }
    TaskContext context = TaskContext.get();
    NativeEngine.require(context.cpus());
    Scorer scorer = new Scorer(scoring);
    context.addTaskCompletionListener((TaskCompletionListener) ended -> scorer.close());
    return new ScoredRows(rows, scorer);
  }

  private final class ScoredRows implements Iterator<Row> {

    private final Iterator<Row> rows;
    private final Scorer scorer;
    private final float[] values;
    private final int batchRows;
    private final ByteBuffer input;
    private final Deque<Row> ready = new ArrayDeque<>();
    private @Nullable RowFeatures features;

    ScoredRows(Iterator<Row> rows, Scorer scorer) {
      this.rows = rows;
      this.scorer = scorer;
      this.values = new float[scorer.features()];
      this.batchRows = Math.max(1, Math.min(BATCH_ROWS, BATCH_BYTES / Float.BYTES / values.length));
      this.input = scorer.newInput(batchRows);
    }

    @Override
    public boolean hasNext() {
      return !ready.isEmpty() || rows.hasNext();
    }

    @Override
    public Row next() {
      if (ready.isEmpty()) {
        if (!rows.hasNext()) {
          throw new NoSuchElementException();
        }
        scoreBatch();
      }
      return ready.remove();
    }

    private void scoreBatch() {
      List<Row> batch = new ArrayList<>(batchRows);
      FloatBuffer floats = input.asFloatBuffer();
      while (batch.size() < batchRows && rows.hasNext()) {
        Row row = rows.next();
        reader(row).read(row, values);
        for (int i = 0; i < values.length; i++) {
          floats.put(scorer.standardize(values[i], i));
        }
        batch.add(row);
      }
      float[] logits = scorer.logits(input, batch.size());
      for (int i = 0; i < batch.size(); i++) {
        ready.add(scored(batch.get(i), logits, i * scorer.outputs()));
      }
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
