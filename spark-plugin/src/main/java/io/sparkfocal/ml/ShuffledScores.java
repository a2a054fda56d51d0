package io.sparkfocal.ml;

import io.sparkfocal.calibration.LogitLink;
import io.sparkfocal.data.BadRowException;
import io.sparkfocal.data.FeatureEncoding;
import io.sparkfocal.data.FeatureLayout;
import io.sparkfocal.data.FeatureReader;
import io.sparkfocal.plugin.NativeEngine;
import io.sparkfocal.train.MetricSums;
import io.sparkfocal.train.ValidationMetric;
import java.util.Iterator;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.function.PairFlatMapFunction;
import org.apache.spark.sql.Row;
import scala.Tuple2;

/**
 * Scores the rows of a partition as they are, and with each feature shuffled, in one pass.
 *
 * <p>Rows have a struct of the features and a label. Sums come out under the number of what was
 * scored: 0 for rows as they are, then {@code 1 + feature x repeats + repeat}.
 *
 * @param network the network
 * @param layout where the features are
 * @param keeps whether features may be missing
 * @param link from logits to probabilities
 * @param scores from probabilities to a class
 * @param classes how many there are
 * @param label name of the label column
 * @param metric what is measured
 * @param repeats shuffles of each feature
 * @param seed of these
 */
record ShuffledScores(
    SentNetwork network,
    FeatureLayout layout,
    boolean keeps,
    LogitLink link,
    ClassScores scores,
    int classes,
    String label,
    ValidationMetric metric,
    int repeats,
    long seed)
    implements PairFlatMapFunction<Iterator<Row>, Integer, byte[]> {

  /** How often each row is scored. */
  static int copies(int features, int repeats) {
    return 1 + features * repeats;
  }

  @Override
  public Iterator<Tuple2<Integer, byte[]>> call(Iterator<Row> rows) {
    if (!rows.hasNext()) {
      return Stream.<Tuple2<Integer, byte[]>>empty().iterator();
    }
    TaskContext context = TaskContext.get();
    NativeEngine.require(context.cpus());
    try (Scorer scorer = new Scorer(network)) {
      return scored(rows, scorer, context.partitionId());
    }
  }

  private Iterator<Tuple2<Integer, byte[]>> scored(
      Iterator<Row> rows, Scorer scorer, int partition) {
    FeatureEncoding encoding = network.encoding();
    FeatureReader reader = encoding.reader(layout, keeps);
    float[] inputs = new float[scorer.features()];
    int copies = copies(encoding.features(), repeats);
    MetricSums[] sums =
        IntStream.range(0, copies)
            .mapToObj(i -> MetricSums.of(metric, classes, copies))
            .toArray(MetricSums[]::new);
    ShuffledRows batch = new ShuffledRows(encoding, scorer);
    long count = 0;
    long few = 0;
    while (rows.hasNext() || !batch.isEmpty()) {
      while (rows.hasNext() && !batch.isFull()) {
        Row row = rows.next();
        reader.read(row.getStruct(0), inputs);
        batch.add(inputs, labelOf(row));
      }
      int next = batch.next(!rows.hasNext());
      score(batch, next, sums, scorer.outputs(), partition);
      batch.drop(next);
      count += next;
      few += next < ShuffledRows.LEAST ? next : 0;
    }
    long all = count;
    long inSmall = few;
    return IntStream.range(0, copies)
        .mapToObj(i -> new Tuple2<>(i, CountedSums.write(all, inSmall, sums[i])))
        .iterator();
  }

  private void score(ShuffledRows batch, int next, MetricSums[] sums, int outputs, int partition) {
    batch.score(next, sink(sums[0], outputs));
    for (int i = 1; i < sums.length; i++) {
      int feature = (i - 1) / repeats;
      int repeat = (i - 1) % repeats;
      batch.score(next, feature, sink(sums[i], outputs), seed, repeat, partition);
    }
  }

  private ShuffledRows.Sink sink(MetricSums sums, int outputs) {
    return (logits, from, ofRow) -> {
      double[] raw = link.raw(logits, from, outputs);
      int predicted = scores.predict(LogitLink.probabilities(raw, outputs));
      sums.add(ofRow, LogitLink.softmaxSpace(raw, outputs), predicted);
    };
  }

  private int labelOf(Row row) {
    double value = row.isNullAt(1) ? Double.NaN : row.getDouble(1);
    if (!(value >= 0 && value < classes) || value != Math.rint(value)) {
      throw new BadRowException(
          "Column \"%s\" has the label %s; labels must be whole numbers from 0 to %s, as the model's classes."
              .formatted(label, row.isNullAt(1) ? "null" : Double.toString(value), classes - 1));
    }
    return (int) value;
  }
}
