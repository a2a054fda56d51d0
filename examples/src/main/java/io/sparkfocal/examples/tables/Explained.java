package io.sparkfocal.examples.tables;

import io.sparkfocal.ml.FeatureImportances;
import io.sparkfocal.ml.FocalLossClassificationModel;
import io.sparkfocal.ml.FocalLossClassifier;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.spark.ml.param.ParamMap;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * What a model looks at: importances of the features as a chart, and what each feature has to do
 * with the scores of some rows. Then a second training begins with the first one's weights.
 */
public final class Explained {

  private static final int SHOWN_ROWS = 5;

  private Explained() {}

  /** Takes a CSV or Parquet file, the name of its label, and a folder for what is written. */
  public static void main(String[] arguments) throws IOException {
    try (SparkSession spark =
            SparkSession.builder().appName("Spark Focal explained").getOrCreate();
        StratifiedSplit split =
            StratifiedSplit.of(LabelledTable.read(spark, arguments[0], arguments[1]), 1)) {
      FocalLossClassificationModel model =
          explained(classifier(split.training()), split, Path.of(arguments[2]));
      System.out.println(warmStarted(model, split).summary());
    }
  }

  /** For all columns but that of the class, and validation rows of the split. */
  static FocalLossClassifier classifier(Dataset<Row> rows) {
    return new FocalLossClassifier()
        .setFeaturesCols(rows.drop(LabelledTable.CLASS, StratifiedSplit.VALIDATION).columns())
        .setLabelCol(LabelledTable.CLASS)
        .setValidationIndicatorCol(StratifiedSplit.VALIDATION);
  }

  /** Trains, writes {@code importances.svg} and prints the most important features. */
  static FocalLossClassificationModel explained(
      FocalLossClassifier classifier, StratifiedSplit split, Path folder) throws IOException {
    FocalLossClassificationModel model = classifier.fit(split.training());
    FeatureImportances importances = model.featureImportances(split.test());
    Files.createDirectories(folder);
    Files.writeString(folder.resolve("importances.svg"), importances.toSvg());
    importances.toDataFrame(split.test().sparkSession()).show(SHOWN_ROWS);
    model
        .copy(ParamMap.empty())
        .setAttributionCol("why")
        .transform(split.test().limit(SHOWN_ROWS))
        .select("probability", "why")
        .show(false);
    return model;
  }

  /** Trains on, from the weights of a model, at a tenth of the learning rate. */
  static FocalLossClassificationModel warmStarted(
      FocalLossClassificationModel model, StratifiedSplit split) {
    return classifier(split.training())
        .setInitialModel(model)
        .setLearningRate(0.0002)
        .setMaxIter(2)
        .fit(split.training());
  }
}
