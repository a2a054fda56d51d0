package io.sparkfocal.examples.pipelines;

import io.sparkfocal.ml.FocalLossClassifier;
import java.io.IOException;
import org.apache.spark.ml.Pipeline;
import org.apache.spark.ml.PipelineModel;
import org.apache.spark.ml.PipelineStage;
import org.apache.spark.ml.evaluation.MulticlassClassificationEvaluator;
import org.apache.spark.ml.feature.StringIndexer;
import org.apache.spark.ml.param.ParamMap;
import org.apache.spark.ml.tuning.ParamGridBuilder;
import org.apache.spark.ml.tuning.TrainValidationSplit;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/**
 * What the README shows of pipelines: a text as label, a gamma chosen on a split, a saved model.
 */
public final class TunedPipeline {

  private TunedPipeline() {}

  /** Trains on rows with the columns carrier, distance and status, saves the model and scores. */
  static Dataset<Row> scored(Dataset<Row> rows, Dataset<Row> newRows, String path)
      throws IOException {
    StringIndexer label = new StringIndexer().setInputCol("status").setOutputCol("label");
    FocalLossClassifier classifier =
        new FocalLossClassifier().setFeaturesCols("carrier", "distance");
    Pipeline pipeline = new Pipeline().setStages(new PipelineStage[] {label, classifier});
    ParamMap[] gammas =
        new ParamGridBuilder().addGrid(classifier.gamma(), new double[] {1, 2}).build();
    PipelineModel model =
        (PipelineModel)
            new TrainValidationSplit()
                .setEstimator(pipeline)
                .setEstimatorParamMaps(gammas)
                .setEvaluator(new MulticlassClassificationEvaluator().setMetricName("logLoss"))
                .fit(rows)
                .bestModel();
    model.write().overwrite().save(path);
    Dataset<Row> scored = PipelineModel.load(path).transform(newRows);
    return scored;
  }
}
