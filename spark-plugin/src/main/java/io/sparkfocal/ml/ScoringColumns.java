package io.sparkfocal.ml;

import java.io.Serializable;
import org.apache.spark.ml.param.DoubleArrayParam;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.param.Params;
import org.apache.spark.ml.param.StringArrayParam;

/**
 * The params that estimator and model share: where features are, and where scores go.
 *
 * <p>Spark's own traits ({@code HasFeaturesCol} and others) hold their params in fields whose
 * setters the Scala compiler names; from Java, an interface with default methods over one holder
 * gives the same methods and the same reflection on Spark 3.5 and 4.
 */
public interface ScoringColumns extends Params {

  /** The holder of the params below. */
  Holder scoringColumns();

  /** Param: column of a vector or an array of numbers (default features). */
  default Param<String> featuresCol() {
    return scoringColumns().featuresCol;
  }

  /** Param: numeric columns, one per feature; when set, {@code featuresCol} is not used. */
  default StringArrayParam featuresCols() {
    return scoringColumns().featuresCols;
  }

  /** Param: column of the predicted class, double (default prediction); empty for none. */
  default Param<String> predictionCol() {
    return scoringColumns().predictionCol;
  }

  /** Param: column of the class probabilities, vector (default probability); empty for none. */
  default Param<String> probabilityCol() {
    return scoringColumns().probabilityCol;
  }

  /** Param: column of the logits, vector (default rawPrediction); empty for none. */
  default Param<String> rawPredictionCol() {
    return scoringColumns().rawPredictionCol;
  }

  /**
   * Param: one number per class; the class with the largest probability / threshold is predicted.
   * Not set by default.
   */
  default DoubleArrayParam thresholds() {
    return scoringColumns().thresholds;
  }

  /** Column of a vector or an array of numbers. */
  default String getFeaturesCol() {
    return getOrDefault(featuresCol());
  }

  /** Numeric columns, one per feature. */
  default String[] getFeaturesCols() {
    return getOrDefault(featuresCols());
  }

  /** Column of the predicted class. */
  default String getPredictionCol() {
    return getOrDefault(predictionCol());
  }

  /** Column of the class probabilities. */
  default String getProbabilityCol() {
    return getOrDefault(probabilityCol());
  }

  /** Column of the logits. */
  default String getRawPredictionCol() {
    return getOrDefault(rawPredictionCol());
  }

  /** One number per class. */
  default double[] getThresholds() {
    return getOrDefault(thresholds());
  }

  /** The params themselves; one per estimator or model. */
  final class Holder implements Serializable {

    private static final long serialVersionUID = 1L;

    final Param<String> featuresCol;
    final StringArrayParam featuresCols;
    final Param<String> predictionCol;
    final Param<String> probabilityCol;
    final Param<String> rawPredictionCol;
    final DoubleArrayParam thresholds;

    Holder(Params parent) {
      featuresCol = new Param<>(parent, "featuresCol", "column of a vector or an array of numbers");
      featuresCols =
          new StringArrayParam(parent, "featuresCols", "numeric columns, one per feature");
      predictionCol = new Param<>(parent, "predictionCol", "column of the predicted class");
      probabilityCol = new Param<>(parent, "probabilityCol", "column of the class probabilities");
      rawPredictionCol = new Param<>(parent, "rawPredictionCol", "column of the logits");
      thresholds =
          new DoubleArrayParam(
              parent,
              "thresholds",
              "one number per class; the class with the largest probability / threshold is predicted");
      parent.setDefault(featuresCol, "features");
      parent.setDefault(featuresCols, new String[0]);
      parent.setDefault(predictionCol, "prediction");
      parent.setDefault(probabilityCol, "probability");
      parent.setDefault(rawPredictionCol, "rawPrediction");
    }
  }
}
