package io.sparkfocal.ml;

import io.sparkfocal.data.FeatureEncoding;
import io.sparkfocal.data.FeatureLayout;
import io.sparkfocal.data.FeatureReader;
import io.sparkfocal.plugin.NativeEngine;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.Iterator;
import java.util.NoSuchElementException;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.ml.linalg.VectorUDT;
import org.apache.spark.ml.linalg.Vectors;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.catalyst.CatalystTypeConverters;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.sql.catalyst.expressions.UnsafeArrayData;
import org.apache.spark.sql.catalyst.expressions.UnsafeRow;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.util.TaskCompletionListener;
import org.jspecify.annotations.Nullable;
import scala.Function1;

/**
 * Scores the rows of a partition in batches, and passes the values of other columns by as they lie
 * in Spark's rows.
 *
 * <p>A batch is bounded by what its rows take on the heap, and by what {@link Scorer#batchRows}
 * says; of its scores there are the logits, from which each row gets its vectors as it is asked
 * for.
 *
 * @param network the network
 * @param layout where the features are
 * @param keeps whether features may be missing
 * @param columns what to make of the logits
 * @param read the columns of the rows
 * @param features where in these the columns of the layout are
 * @param wanted what to return: the index of a column of the rows, or behind the last one that of a
 *     score
 */
record BatchScorer(
    SentNetwork network,
    FeatureLayout layout,
    boolean keeps,
    ScoreColumns columns,
    StructType read,
    int[] features,
    int[] wanted)
    implements FlatMapFunction<Iterator<InternalRow>, InternalRow> {

  /** Of rows, with all their columns; a batch ends with the row that reaches it. */
  static final long ROW_BYTES = 16 << 20;

  private static final VectorUDT VECTORS = new VectorUDT();

  @Override
  public Iterator<InternalRow> call(Iterator<InternalRow> rows) {
    if (!rows.hasNext()) {
      return rows;
    }
    TaskContext context = TaskContext.get();
    NativeEngine.require(context.cpus());
    Scorer scorer = new Scorer(network);
    context.addTaskCompletionListener((TaskCompletionListener) ended -> scorer.close());
    return scored(rows, scorer);
  }

  Iterator<InternalRow> scored(Iterator<InternalRow> rows, Scorer scorer) {
    return new ScoredRows(rows, scorer);
  }

  private static Object internal(Object score) {
    if (score instanceof double[] labels) {
      return UnsafeArrayData.fromPrimitiveArray(labels);
    }
    return score instanceof Vector vector ? VECTORS.serialize(vector) : score;
  }

  private final class ScoredRows implements Iterator<InternalRow> {

    private final Iterator<InternalRow> rows;
    private final Scorer scorer;
    private final FeatureReader reader;
    private final Function1<Object, Object>[] converters;
    private final float[] values;
    private final int batchRows;
    private final ByteBuffer input;
    private final Deque<InternalRow> waiting = new ArrayDeque<>();
    private final @Nullable Attributions attributions;
    private float[] logits = {};
    private double[][] attributed = {};
    private int scored;

    @SuppressWarnings({"unchecked", "rawtypes"})
    ScoredRows(Iterator<InternalRow> rows, Scorer scorer) {
      this.rows = rows;
      this.scorer = scorer;
      FeatureEncoding encoding = network.encoding();
      this.reader = encoding.reader(layout, keeps);
      int attribution = read.length() + columns.attribution();
      this.attributions =
          columns.attribution() >= 0 && Arrays.stream(wanted).anyMatch(i -> i == attribution)
              ? new Attributions(
                  scorer, encoding, new ExplainedScore(columns.link(), columns.outputs()))
              : null;
      this.converters = new Function1[features.length];
      for (int i = 0; i < features.length; i++) {
        converters[i] =
            CatalystTypeConverters.createToScalaConverter(read.apply(features[i]).dataType());
      }
      this.values = new float[scorer.features()];
      this.batchRows = scorer.batchRows();
      this.input = scorer.newInput(batchRows);
    }

    @Override
    public boolean hasNext() {
      return !waiting.isEmpty() || rows.hasNext();
    }

    @Override
    public InternalRow next() {
      if (waiting.isEmpty()) {
        if (!rows.hasNext()) {
          throw new NoSuchElementException();
        }
        scoreBatch();
      }
      return withScores(waiting.remove(), scored++);
    }

    private void scoreBatch() {
      logits = new float[0];
      attributed = new double[0][];
      scored = 0;
      FloatBuffer floats = input.asFloatBuffer();
      long bytes = 0;
      while (waiting.size() < batchRows && bytes < ROW_BYTES && rows.hasNext()) {
        InternalRow row = rows.next().copy();
        reader.read(featuresOf(row), values);
        floats.put(values);
        waiting.add(row);
        bytes += ((UnsafeRow) row).getSizeInBytes();
      }
      logits = scorer.logits(input, waiting.size());
      if (attributions != null) {
        attributed = attributions.of(input.asFloatBuffer(), logits, columns::predicted);
      }
    }

    private Row featuresOf(InternalRow row) {
      Object[] converted = new Object[features.length];
      for (int i = 0; i < converted.length; i++) {
        converted[i] = converters[i].apply(value(row, features[i]));
      }
      return RowFactory.create(converted);
    }

    private Object value(InternalRow row, int ordinal) {
      return row.get(ordinal, read.apply(ordinal).dataType());
    }

    private InternalRow withScores(InternalRow row, int at) {
      Object[] scores = columns.of(logits, at * scorer.outputs());
      if (attributions != null) {
        scores[columns.attribution()] = Vectors.dense(attributed[at]);
      }
      Object[] all = new Object[wanted.length];
      for (int i = 0; i < all.length; i++) {
        int score = wanted[i] - read.length();
        all[i] = score < 0 ? value(row, wanted[i]) : internal(scores[score]);
      }
      return new GenericInternalRow(all);
    }
  }
}
