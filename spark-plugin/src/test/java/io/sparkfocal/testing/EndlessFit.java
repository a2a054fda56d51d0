package io.sparkfocal.testing;

import io.sparkfocal.ml.FocalLossClassifier;
import java.util.Map;
import org.apache.spark.sql.SparkSession;

/** An application that trains for as long as it is let. */
public final class EndlessFit {

  private EndlessFit() {}

  /** The argument is the folder of its checkpoints. */
  public static void main(String[] arguments) {
    SparkSession spark =
        TestSpark.with(Map.of("spark.master", "local[2]", "spark.focal.checkpoint.lease", "5s"));
    classifier(arguments[0]).setMaxIter(100_000).fit(Samples.rows(spark, 100));
  }

  /** What it trains with. */
  public static FocalLossClassifier classifier(String checkpoints) {
    return new FocalLossClassifier()
        .setHiddenLayers(8)
        .setBatchSize(20)
        .setCheckpointDir(checkpoints)
        .setCheckpointInterval(20);
  }
}
