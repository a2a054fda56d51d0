package io.sparkfocal.examples.customloss;

import io.sparkfocal.examples.tables.LabelledTable;
import io.sparkfocal.examples.tables.StratifiedSplit;
import io.sparkfocal.losses.LossContract;
import io.sparkfocal.ml.FocalLossClassificationModel;
import io.sparkfocal.ml.FocalLossClassifier;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;

/** Verifies {@link TaylorCrossEntropy}, trains with it on a table and prints how it went. */
public final class CustomLoss {

  private CustomLoss() {}

  /** Takes a CSV or Parquet file and the name of its label. */
  public static void main(String[] arguments) throws Exception {
    System.out.println(LossContract.verify(new TaylorCrossEntropy()));
    try (SparkSession spark =
        SparkSession.builder().appName("Spark Focal custom loss").getOrCreate()) {
      LabelledTable table = LabelledTable.read(spark, arguments[0], arguments[1]);
      try (StratifiedSplit split = StratifiedSplit.of(table, 1)) {
        FocalLossClassificationModel model =
            new FocalLossClassifier()
                .setFeaturesCols(table.features().toArray(String[]::new))
                .setLabelCol(LabelledTable.CLASS)
                .setValidationIndicatorCol(StratifiedSplit.VALIDATION)
                .setLoss(TaylorCrossEntropy.class)
                .setAlpha("balanced")
                .fit(split.training());
        System.out.println(model.summary());
        model
            .transform(split.test())
            .groupBy(LabelledTable.CLASS)
            .agg(
                functions.avg(
                    LabelledTable.named(LabelledTable.CLASS)
                        .equalTo(LabelledTable.named("prediction"))
                        .cast("double")))
            .orderBy(LabelledTable.CLASS)
            .show();
      }
    }
  }
}
