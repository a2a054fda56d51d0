package io.sparkfocal.ml;

import java.util.Comparator;
import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * By how much a metric gets worse when the values of a feature are shuffled among the rows
 * (permutation importance, Breiman 2001; Fisher et al. 2019, arXiv 1801.01489).
 *
 * <p>It says what the model uses, not what the label depends on: of two features that tell the
 * same, either may get it all, or both may share it.
 *
 * @param metric name of the metric
 * @param baseline its value on the rows as they are
 * @param rows how many rows were scored
 * @param repeats how often each feature was shuffled
 * @param features in the order of the model's features
 */
public record FeatureImportances(
    String metric, double baseline, long rows, int repeats, List<Importance> features) {

  /**
   * Of one feature, in units of the metric.
   *
   * @param feature name of it
   * @param mean over repeats; about 0, and by chance below, if the model does not use the feature
   * @param deviation over repeats: the standard deviation of one; 0 for a single repeat
   */
  public record Importance(String feature, double mean, double deviation) {}

  /** Checks nothing; the list is copied. */
  public FeatureImportances {
    features = List.copyOf(features);
  }

  /** The most important first; equal ones in the order of the features. */
  public List<Importance> sorted() {
    return features.stream()
        .sorted(Comparator.comparingDouble(Importance::mean).reversed())
        .toList();
  }

  /**
   * The first feature of that name.
   *
   * @throws IllegalArgumentException if there is none
   */
  public Importance of(String feature) {
    return features.stream()
        .filter(one -> one.feature().equals(feature))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "The model has no feature \"%s\"; the features are %s."
                        .formatted(
                            feature,
                            String.join(
                                ", ", features.stream().map(Importance::feature).toList()))));
  }

  /** Columns feature, importance and deviation; the most important first. */
  public Dataset<Row> toDataFrame(SparkSession spark) {
    StructType schema =
        new StructType()
            .add("feature", DataTypes.StringType, false)
            .add("importance", DataTypes.DoubleType, false)
            .add("deviation", DataTypes.DoubleType, false);
    return spark.createDataFrame(
        sorted().stream()
            .map(one -> RowFactory.create(one.feature(), one.mean(), one.deviation()))
            .toList(),
        schema);
  }

  /** A bar for each feature, the most important on top, with its deviation, as an SVG document. */
  public String toSvg() {
    return new ImportancePlot(this).svg();
  }
}
