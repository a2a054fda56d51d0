package io.sparkfocal.examples.networks;

import io.sparkfocal.examples.tables.LabelledTable;
import io.sparkfocal.ml.FocalLossClassificationModel;
import io.sparkfocal.ml.FocalLossClassifier;
import java.io.IOException;
import org.apache.spark.sql.SparkSession;

/**
 * Trains a network that PyTorch saved with {@code torch.jit.save}, and saves it again: {@code
 * network.pt} in the model's folder is a file that PyTorch loads.
 */
public final class OwnNetwork {

  private OwnNetwork() {}

  /** Takes the network's file, a CSV or Parquet file, the name of its label, and a folder. */
  public static void main(String[] arguments) throws IOException {
    try (SparkSession spark =
        SparkSession.builder().appName("Spark Focal own network").getOrCreate()) {
      FocalLossClassificationModel model =
          train(arguments[0], LabelledTable.read(spark, arguments[1], arguments[2]));
      System.out.println(model.summary());
      model.write().overwrite().save(arguments[3]);
    }
  }

  /** The layer next to the logits learns ten times as fast as the others. */
  static FocalLossClassificationModel train(String network, LabelledTable table) {
    return new FocalLossClassifier()
        .setFeaturesCols(table.features().toArray(String[]::new))
        .setLabelCol(LabelledTable.CLASS)
        .setNetwork("torchscript:" + network)
        .setLearningRateFactors("head\\..*=10")
        .fit(table.rows());
  }
}
