package io.sparkfocal.ml;

import io.sparkfocal.data.FeatureLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.rdd.RDD;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SQLContext;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.sources.BaseRelation;
import org.apache.spark.sql.sources.PrunedScan;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/**
 * A dataset with its scores as a data source, so that Spark tells which columns a query needs:
 * these and the features are read, and rows are scored in batches only where scores are asked for.
 *
 * <p>A typed operation of a Dataset would read all columns, and turn them into Java's objects,
 * which not every value survives. Columns are numbered, since names may repeat.
 */
final class ScoredRelation extends BaseRelation implements PrunedScan {

  private final Dataset<Row> rows;
  private final StructType read;
  private final StructType schema;
  private final int[] features;
  private final SentNetwork network;
  private final FeatureLayout layout;
  private final boolean keeps;
  private final ScoreColumns columns;

  /** By columns; adaptive execution plans again and again, and shuffles must not run each time. */
  private final Map<List<Integer>, Source> sources = new ConcurrentHashMap<>();

  private record Source(StructType schema, RDD<InternalRow> rows) {

    static Source of(Dataset<Row> selected) {
      return new Source(selected.schema(), selected.queryExecution().toRdd());
    }
  }

  private ScoredRelation(
      Dataset<?> dataset,
      SentNetwork network,
      FeatureLayout layout,
      boolean keeps,
      ScoreColumns columns,
      StructType scored) {
    StructType given = dataset.schema();
    this.features = layout.columns().stream().mapToInt(given::fieldIndex).toArray();
    this.schema = numbered(scored);
    this.read = numbered(given);
    this.rows = dataset.toDF(read.fieldNames());
    this.network = network;
    this.layout = layout;
    this.keeps = keeps;
    this.columns = columns;
  }

  /**
   * The dataset with scores.
   *
   * @param keeps whether features may be missing
   * @param scored schema of the dataset followed by the output columns
   */
  static Dataset<Row> of(
      Dataset<?> dataset,
      SentNetwork network,
      FeatureLayout layout,
      boolean keeps,
      ScoreColumns columns,
      StructType scored) {
    ScoredRelation relation = new ScoredRelation(dataset, network, layout, keeps, columns, scored);
    Column[] named = new Column[scored.length()];
    for (int i = 0; i < named.length; i++) {
      StructField field = scored.apply(i);
      named[i] = functions.col(Integer.toString(i)).as(field.name(), field.metadata());
    }
    return dataset.sparkSession().baseRelationToDataFrame(relation).select(named);
  }

  private static StructType numbered(StructType schema) {
    StructType numbered = new StructType();
    for (StructField field : schema.fields()) {
      numbered =
          numbered.add(Integer.toString(numbered.size()), field.dataType(), field.nullable());
    }
    return numbered;
  }

  @Override
  public SQLContext sqlContext() {
    return rows.sparkSession().sqlContext();
  }

  @Override
  public StructType schema() {
    return schema;
  }

  @Override
  public long sizeInBytes() {
    scala.math.BigInt bytes = rows.queryExecution().optimizedPlan().stats().sizeInBytes();
    return bytes.isValidLong() ? bytes.toLong() : Long.MAX_VALUE;
  }

  /** Rows are Spark's own. */
  @Override
  public boolean needConversion() {
    return false;
  }

  @Override
  @SuppressWarnings("unchecked") // as needConversion says
  public RDD<Row> buildScan(String[] requiredColumns) {
    int[] wanted = Arrays.stream(requiredColumns).mapToInt(Integer::parseInt).toArray();
    boolean scores = Arrays.stream(wanted).anyMatch(column -> column >= read.length());
    int[] needed =
        IntStream.concat(
                Arrays.stream(wanted).filter(column -> column < read.length()),
                scores ? Arrays.stream(features) : IntStream.empty())
            .distinct()
            .toArray();
    Column[] selected =
        Arrays.stream(needed)
            .mapToObj(column -> functions.col(Integer.toString(column)))
            .toArray(Column[]::new);
    Source source =
        sources.computeIfAbsent(
            Arrays.stream(needed).boxed().toList(), columns -> Source.of(rows.select(selected)));
    JavaRDD<InternalRow> internal = source.rows().toJavaRDD();
    if (scores) {
      List<Integer> places = new ArrayList<>();
      Arrays.stream(needed).forEach(places::add);
      internal =
          internal.mapPartitions(
              new BatchScorer(
                  network,
                  layout,
                  keeps,
                  columns,
                  source.schema(),
                  Arrays.stream(features).map(places::indexOf).toArray(),
                  Arrays.stream(wanted)
                      .map(
                          column ->
                              column < read.length()
                                  ? places.indexOf(column)
                                  : needed.length + column - read.length())
                      .toArray()));
    }
    return (RDD<Row>) (RDD<?>) internal.rdd();
  }
}
