package io.sparkfocal.ml;

import io.sparkfocal.data.Columns;
import io.sparkfocal.data.FeatureEncoding;
import io.sparkfocal.data.FeatureLayout;
import io.sparkfocal.data.FeatureReader;
import io.sparkfocal.data.FewFeatures;
import io.sparkfocal.data.RowFeatures;
import io.sparkfocal.data.Standardization;
import io.sparkfocal.network.MlpForward;
import io.sparkfocal.network.MlpLayers;
import io.sparkfocal.network.NetworkDescription;
import io.sparkfocal.plugin.NativeEngine;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.apache.spark.TaskContext;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.api.java.UDF1;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.util.TaskCompletionListener;
import org.jspecify.annotations.Nullable;

/**
 * A user-defined function from the feature columns to a struct of the scores, a row at a time.
 *
 * <p>Spark reads no other column for it, and passes them by as they are. A multilayer perceptron is
 * computed on the heap; another network in native memory, by batches of one row.
 */
final class RowScorer implements UDF1<Row, Row> {

  private static final long serialVersionUID = 1L;

  /**
   * Up to so many weights, batches were at most 1.15 times as fast; with 6,272 weights, 1.44 times.
   */
  private static final long MOST_WEIGHTS = 1 << 12;

  /** Vectors as wide are taken to be sparse: dense ones have 128 KiB a row. */
  private static final int SURELY_SPARSE = 1 << 14;

  /** From this width on only those values of a vector are looked at that are not 0. */
  private static final int WIDE = 1 << 10;

  private static final long IDLE_MILLIS = 10_000;

  static final SharedValues<OnHeap> NETWORKS = new SharedValues<>(network -> {}, IDLE_MILLIS);

  private final SentNetwork network;
  private final FeatureLayout layout;
  private final boolean keeps;
  private final ScoreColumns columns;

  private transient @Nullable Pass pass;

  /** What a thread computes with. */
  private record Pass(Thread owner, Function<Row, float[]> logits) {}

  /**
   * A network that tasks share.
   *
   * @param base what the first layer makes of {@link FewFeatures#base}, of wide vectors
   */
  record OnHeap(MlpLayers layers, Standardization standardization, double[] base) {}

  RowScorer(SentNetwork network, FeatureLayout layout, boolean keeps, ScoreColumns columns) {
    this.network = network;
    this.layout = layout;
    this.keeps = keeps;
    this.columns = columns;
  }

  /**
   * A dataset with the scores at its end.
   *
   * @param struct name of a column that has all scores meanwhile
   * @param schema of the result
   */
  Dataset<Row> scored(Dataset<?> dataset, String struct, StructType schema) {
    Column features =
        functions.struct(layout.columns().stream().map(Columns::named).toArray(Column[]::new));
    Column scores =
        functions
            .udf(this, columns.type())
            .asNonNullable()
            .withName("focal_scores")
            .apply(features);
    // Once for all columns: Spark does not repeat a function that is used several times.
    List<String> names = columns.names();
    Column[] all = new Column[names.size() + 1];
    all[0] = functions.col("*");
    for (int i = 0; i < names.size(); i++) {
      all[i + 1] =
          Columns.named(struct)
              .getField(Integer.toString(i))
              .as(names.get(i), schema.apply(schema.length() - names.size() + i).metadata());
    }
    return dataset.toDF().select(functions.col("*"), scores.as(struct)).select(all).drop(struct);
  }

  /** Whether a network scores about as fast row by row as in batches. */
  static boolean suits(NetworkDescription network, FeatureEncoding encoding, FeatureLayout layout) {
    int[] widths = MlpLayers.widths(network);
    if (widths == null || !(encoding instanceof Standardization standardization)) {
      return false;
    }
    if (layout.kind() == FeatureLayout.Kind.VECTOR && isSparse(standardization)) {
      // Whatever follows the first layer, dense rows would cost more.
      return true;
    }
    long weights = 0;
    for (int i = 0; i < widths.length - 1; i++) {
      weights += (long) widths[i] * widths[i + 1];
    }
    return weights <= MOST_WEIGHTS;
  }

  /** By its width, or since most features were not centred, as for sparse rows. */
  private static boolean isSparse(Standardization standardization) {
    int width = standardization.means().length;
    int uncentred = 0;
    for (int i = 0; i < width; i++) {
      uncentred += standardization.means()[i] == 0 && standardization.scales()[i] != 1 ? 1 : 0;
    }
    return width >= SURELY_SPARSE || (width >= WIDE && uncentred > width / 2);
  }

  @Override
  public Row call(Row features) {
    // Usually a task's own, but a query over a local relation is computed by whoever plans it.
    Pass current = pass;
    if (current == null || current.owner() != Thread.currentThread()) {
      current = new Pass(Thread.currentThread(), begin());
      pass = current;
    }
    return RowFactory.create(columns.of(current.logits().apply(features), 0));
  }

  private Function<Row, float[]> begin() {
    boolean isOnHeap =
        MlpLayers.widths(network.description()) != null
            && network.encoding() instanceof Standardization;
    return isOnHeap ? onHeap() : inNativeMemory();
  }

  private Function<Row, float[]> onHeap() {
    OnHeap shared = NETWORKS.acquire(network.key(), this::load);
    atEndOfTask(() -> NETWORKS.release(network.key()));
    MlpForward forward = new MlpForward(shared.layers());
    if (isWide()) {
      FewFeatures few = new FewFeatures(layout, shared.standardization());
      return row -> {
        int count = few.read(row);
        return forward.logits(few.at(), few.values(), count, shared.base());
      };
    }
    RowFeatures features = new RowFeatures(layout, shared.standardization());
    float[] values = new float[network.description().features()];
    return row -> {
      features.read(row, values);
      return forward.logits(values);
    };
  }

  private boolean isWide() {
    return layout.kind() == FeatureLayout.Kind.VECTOR && network.description().features() >= WIDE;
  }

  private OnHeap load() {
    List<float[]> parameters = new ArrayList<>();
    network.parameters().forEachRemaining(parameters::add);
    MlpLayers layers = MlpLayers.of(network.description(), parameters);
    Standardization standardization = network.standard();
    return new OnHeap(layers, standardization, layers.first(FewFeatures.base(standardization)));
  }

  private Function<Row, float[]> inNativeMemory() {
    FeatureReader features = network.encoding().reader(layout, keeps);
    float[] values = new float[network.description().features()];
    TaskContext context = TaskContext.get();
    NativeEngine.require(context == null ? 1 : context.cpus());
    if (context == null) {
      return row -> {
        try (Scorer scorer = new Scorer(network)) {
          features.read(row, values);
          return scorer.logits(values);
        }
      };
    }
    Scorer scorer = new Scorer(network);
    atEndOfTask(scorer::close);
    return row -> {
      features.read(row, values);
      return scorer.logits(values);
    };
  }

  private static void atEndOfTask(Runnable end) {
    TaskContext context = TaskContext.get();
    if (context == null) {
      end.run();
    } else {
      context.addTaskCompletionListener((TaskCompletionListener) ended -> end.run());
    }
  }
}
