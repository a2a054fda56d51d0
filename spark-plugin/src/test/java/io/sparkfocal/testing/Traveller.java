package io.sparkfocal.testing;

import io.sparkfocal.ml.FocalLossClassificationModel;
import io.sparkfocal.ml.FocalLossClassifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.sql.SparkSession;

/** Saves a model and its predictions, or scores with a saved one, on whatever Spark there is. */
public final class Traveller {

  private Traveller() {}

  /** The arguments are save or score, the model's folder, and the file for the predictions. */
  public static void main(String[] arguments) throws Exception {
    try (SparkSession spark = TestSpark.local()) {
      if (arguments[0].equals("save")) {
        save(spark, Path.of(arguments[1]), Path.of(arguments[2]));
      } else {
        score(spark, Path.of(arguments[1]), Path.of(arguments[2]));
      }
    }
  }

  /** Trains, saves the model and writes its predictions. */
  public static void save(SparkSession spark, Path model, Path predictions) throws Exception {
    FocalLossClassificationModel trained =
        new FocalLossClassifier()
            .setHiddenLayers(8)
            .setBatchNorm(true)
            .setMaxIter(2)
            .setBatchSize(32)
            .fit(Samples.rows(spark, 120));
    trained.setThresholds(0.5, 0.3, 0.2);
    trained.save(model.toString());
    write(trained, spark, predictions);
  }

  /** Loads the model and writes its predictions. */
  public static void score(SparkSession spark, Path model, Path predictions) throws Exception {
    write(FocalLossClassificationModel.load(model.toString()), spark, predictions);
  }

  private static void write(FocalLossClassificationModel model, SparkSession spark, Path to)
      throws Exception {
    List<String> lines =
        model.transform(Samples.rows(spark, 120)).orderBy("id").collectAsList().stream()
            .map(
                row ->
                    row.getAs("id")
                        + " "
                        + row.getAs("prediction")
                        + " "
                        + row.<Vector>getAs("probability"))
            .toList();
    Files.write(to, lines);
  }
}
