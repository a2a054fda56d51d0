package io.sparkfocal.ml;

import static io.sparkfocal.testing.BadInput.counted;
import static io.sparkfocal.testing.BadInput.early;
import static org.apache.spark.sql.functions.expr;
import static org.apache.spark.sql.functions.lit;

import io.sparkfocal.testing.BadInput;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.apache.spark.ml.feature.VectorAssembler;
import org.apache.spark.mllib.util.MLUtils;

/** Tables that cannot be trained on. */
final class BadData {

  private BadData() {}

  static FocalLossClassifier quick() {
    return new FocalLossClassifier().setHiddenLayers(8).setMaxIter(1);
  }

  static List<BadInput> all() {
    List<BadInput> cases = new ArrayList<>();
    cases.addAll(columns());
    cases.addAll(types());
    cases.addAll(labels());
    cases.addAll(weights());
    cases.addAll(features());
    cases.addAll(rows());
    cases.addAll(validation());
    cases.addAll(leaks());
    return cases;
  }

  private static BadInput missing(String param, FocalLossClassifier classifier, String column) {
    return early(
        "no column \"" + column + "\" for " + param,
        "Column \"%s\" (%s) does not exist; the columns are id, label, features, weight, held_out."
            .formatted(column, param),
        place -> classifier.fit(place.rows()));
  }

  private static List<BadInput> columns() {
    return List.of(
        missing("featuresCol", quick().setFeaturesCol("x"), "x"),
        missing("featuresCol", quick().setFeaturesCol(""), ""),
        missing("labelCol", quick().setLabelCol("y"), "y"),
        missing("weightCol", quick().setWeightCol("w"), "w"),
        missing("validationIndicatorCol", quick().setValidationIndicatorCol("v"), "v"),
        missing("featuresCols", quick().setFeaturesCols("weight", "z"), "z"));
  }

  private static List<BadInput> types() {
    return List.of(
        early(
            "features that are text",
            "Column \"features\" has type string; features must be a vector, an array of numbers, images, or columns named by featuresCols.",
            place -> quick().fit(place.rows().withColumn("features", lit("text")))),
        early(
            "features of the old vectors",
            "Column \"features\" has vectors of org.apache.spark.mllib.linalg, but features must be vectors of org.apache.spark.ml.linalg; convert it with MLUtils.convertVectorColumnsToML(dataset, \"features\") first.",
            place -> quick().fit(MLUtils.convertVectorColumnsFromML(place.rows(), "features"))),
        early(
            "features that are booleans",
            "Column \"features\" has type array<boolean>; features must be a vector, an array of numbers, images, or columns named by featuresCols, so cast it to array<int> first.",
            place -> quick().fit(place.rows().withColumn("features", expr("array(true, false)")))),
        early(
            "a column of binary features",
            "Column \"bytes\" (featuresCols) has type binary, which is for images, but these cannot be mixed with other columns; name it alone, by featuresCol.",
            place ->
                quick()
                    .setFeaturesCols("weight", "bytes")
                    .fit(place.rows().withColumn("bytes", expr("cast('a' as binary)")))),
        early(
            "labels that are booleans",
            "Column \"label\" (labelCol) has type boolean, but must be a number; cast it to int first.",
            place -> quick().fit(place.rows().withColumn("label", expr("label > 0")))),
        early(
            "a field of a struct",
            "Column \"s.features\" (featuresCol) does not exist, and fields of \"s\" are read only where they are columns of their own, as by withColumn(\"x\", col(\"s.features\")); the columns are id, label, features, weight, held_out, s.",
            place ->
                quick()
                    .setFeaturesCol("s.features")
                    .fit(place.rows().withColumn("s", expr("struct(features)")))),
        early(
            "an output column that exists in another case",
            "Output column \"prediction\" exists already as \"Prediction\"; drop it or choose another name, an empty one for no such column.",
            place -> quick().fit(place.rows().withColumn("Prediction", lit(1)))),
        early(
            "labels that are text",
            "Column \"label\" (labelCol) has type string, but must be a number; index it with StringIndexer first.",
            place -> quick().fit(place.rows().withColumn("label", lit("high")))),
        early(
            "a validation column of numbers",
            "Column \"id\" (validationIndicatorCol) has type bigint, but must be boolean.",
            place -> quick().setValidationIndicatorCol("id").fit(place.rows())),
        early(
            "an output column that exists",
            "Output column \"probability\" exists already; drop it or choose another name, an empty one for no such column.",
            place -> quick().fit(place.rows().withColumn("probability", lit(1)))));
  }

  private static List<BadInput> labels() {
    List<BadInput> cases = new ArrayList<>();
    for (String label : List.of("-1", "1.5", "NaN", "1e9")) {
      cases.add(
          counted(
              "the label " + label,
              "Column \"label\" has the label %s; labels must be whole numbers from 0 to 99999, for instance from StringIndexer."
                  .formatted(Double.parseDouble(label)),
              place ->
                  quick()
                      .fit(
                          place
                              .rows()
                              .withColumn(
                                  "label", expr("if(id = 7, double('" + label + "'), label)")))));
    }
    cases.add(
        counted(
            "a null label",
            "Column \"label\" has a null label; drop or fill such rows before fit().",
            place ->
                quick().fit(place.rows().withColumn("label", expr("if(id = 7, null, label)")))));
    cases.add(
        counted(
            "one class only",
            "All 18 training rows have the same label in column \"label\"; a classifier needs at least two classes.",
            place -> quick().fit(place.rows().where("label = 1"))));
    return cases;
  }

  private static BadInput weight(String sql, String shown) {
    return counted(
        "the weight " + sql,
        "Column \"weight\" has the weight %s; weights must be finite and at least 0."
            .formatted(shown),
        place ->
            quick()
                .setWeightCol("weight")
                .fit(place.rows().withColumn("weight", expr("if(id = 7, " + sql + ", 1.0d)"))));
  }

  private static List<BadInput> weights() {
    return List.of(
        weight("-0.5", "-0.5"),
        weight("double('NaN')", "NaN"),
        weight("double('Infinity')", "Infinity"),
        weight("null", "null"),
        counted(
            "weights that are all 0",
            "All 60 training rows have the weight 0; give those that count a positive weight.",
            place ->
                quick().setWeightCol("weight").fit(place.rows().withColumn("weight", lit(0)))));
  }

  private static List<BadInput> features() {
    List<BadInput> cases = new ArrayList<>();
    String finite =
        "; features must be finite float32 numbers: drop, fill or scale such rows first.";
    for (String value : List.of("NaN", "Infinity", "1e300")) {
      double number = Double.parseDouble(value);
      cases.add(
          counted(
              "the feature " + value + " in an array",
              "Column \"features\" has, at index 1, the feature " + number + finite,
              place ->
                  quick()
                      .fit(
                          place
                              .rows()
                              .withColumn(
                                  "features",
                                  expr(
                                      "if(id = 7, array(1, double('%s'), 3, 4), array(1, 2, 3, 4))"
                                          .formatted(value))))));
      cases.add(
          counted(
              "the feature " + value + " in a column",
              "Column \"second\" has the feature " + number + finite,
              place ->
                  quick()
                      .setFeaturesCols("weight", "second")
                      .fit(
                          place
                              .rows()
                              .withColumn(
                                  "second", expr("if(id = 7, double('" + value + "'), 0)")))));
    }
    String drop = " has a null feature; drop or fill such rows first.";
    cases.add(nulls("features", drop, "if(id = 7, null, features)"));
    cases.add(nulls("features", drop, "array(1, if(id = 7, null, 2.5d))"));
    cases.add(
        counted(
            "a null in a column",
            "Column \"second\"" + drop,
            place ->
                quick()
                    .setFeaturesCols("weight", "second")
                    .fit(place.rows().withColumn("second", expr("if(id = 7, null, 1)")))));
    cases.add(
        counted(
            "vectors of another size",
            "Column \"features\" has a row with 2 features where 3 are expected; give every row the same number, in transform() as in fit().",
            place ->
                quick()
                    .fit(
                        place
                            .rows()
                            .withColumn(
                                "features",
                                expr("if(id = 7, array(1d, 2d), array(1d, 2d, 3d))")))));
    cases.add(
        counted(
            "no features at all",
            "Column \"features\" has an empty row; every row needs features.",
            place ->
                quick()
                    .fit(
                        place
                            .rows()
                            .withColumn("features", expr("cast(array() as array<double>)")))));
    return cases;
  }

  private static BadInput nulls(String column, String sentence, String sql) {
    return counted(
        "nulls from " + sql,
        "Column \"" + column + "\"" + sentence,
        place -> quick().fit(place.rows().withColumn(column, expr(sql))));
  }

  private static List<BadInput> rows() {
    return List.of(
        counted(
            "no rows",
            "The dataset has no rows; give fit() at least one row of each of two classes.",
            place -> quick().fit(place.rows().limit(0))),
        counted(
            "rows to validate on only",
            "All 60 rows are validation rows; give fit() rows to train on.",
            place ->
                quick()
                    .setValidationIndicatorCol("held_out")
                    .fit(place.rows().withColumn("held_out", lit(true)))));
  }

  private static BadInput unvalidated(
      String sentence, String heldOut, String weight, Consumer<FocalLossClassifier> asked) {
    return counted(
        "held_out = " + heldOut + ": " + sentence,
        sentence,
        place -> {
          FocalLossClassifier classifier =
              quick().setMaxIter(9).setValidationIndicatorCol("held_out").setWeightCol("weight");
          asked.accept(classifier);
          classifier.fit(
              place
                  .rows()
                  .withColumn("held_out", expr(heldOut))
                  .withColumn("weight", expr(weight)));
        });
  }

  /** What needs validation rows, with a column that marks none that count. */
  private static List<BadInput> validation() {
    String none = "cast(null as boolean)";
    String weightless = "if(held_out, 0d, 1d)";
    return List.of(
        unvalidated(
            "calibration is temperature, but column \"held_out\" marks no rows for validation; mark some, or set calibration to none.",
            "false",
            "1d",
            c -> c.setCalibration("temperature")),
        unvalidated(
            "thresholdTuning is f1, but column \"held_out\" marks no rows for validation; mark some, or set thresholdTuning to none.",
            none,
            "1d",
            c -> c.setThresholdTuning("f1")),
        unvalidated(
            "earlyStoppingPatience is 2, but the 12 rows that column \"held_out\" marks for validation all weigh 0; give some a positive weight, or set earlyStoppingPatience to 0.",
            "id % 5 = 4",
            weightless,
            c -> c.setEarlyStoppingPatience(2)),
        unvalidated(
            "lossSearch is [default], but column \"held_out\" marks no rows for validation; mark some, or set lossSearch to no losses.",
            none,
            "1d",
            c -> c.setLossSearch()),
        unvalidated(
            "lossSearch is [focal, ldam], but the 12 rows that column \"held_out\" marks for validation all weigh 0; give some a positive weight, or set lossSearch to no losses.",
            "id % 5 = 4",
            weightless,
            c -> c.setLossSearch("focal", "ldam")));
  }

  private static List<BadInput> leaks() {
    return List.of(
        early(
            "the label among the columns of features",
            "Column \"label\" is the label and among featuresCols too; leave it out there.",
            place -> quick().setFeaturesCols("weight", "label").fit(place.rows())),
        early(
            "a column of features twice",
            "featuresCols has the column \"weight\" twice; name each feature once.",
            place -> quick().setFeaturesCols("weight", "id", "weight").fit(place.rows())),
        early(
            "the label in the vector of features",
            "Column \"all\" has the label \"label\" among its features, as its metadata tells; leave it out of VectorAssembler, or rename the label if that feature is another column of the same name.",
            place ->
                quick()
                    .setFeaturesCol("all")
                    .fit(
                        new VectorAssembler()
                            .setInputCols(new String[] {"weight", "label"})
                            .setOutputCol("all")
                            .transform(place.rows()))));
  }
}
