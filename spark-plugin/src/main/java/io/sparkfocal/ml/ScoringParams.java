package io.sparkfocal.ml;

import io.sparkfocal.data.InvalidRows;
import java.io.Serializable;
import org.apache.spark.ml.param.DoubleArrayParam;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.param.Params;
import org.apache.spark.ml.param.StringArrayParam;

/**
 * Where features are and where scores go: what estimator and model share.
 *
 * <p>Params without a default method here are those of Spark's classifiers. Traits with others of
 * its ({@code HasHandleInvalid} and more) hold their params in fields whose setters the Scala
 * compiler names; from Java, an interface with default methods over one holder gives the same
 * methods and the same reflection on Spark 3.5 and 4.
 *
 * @param <S> who has the params, returned by the setters
 */
public interface ScoringParams<S extends ScoringParams<S>> extends Chained<S> {

  /** The holder of the params below. */
  Holder scoringParams();

  /**
   * Param: column of a vector or an array of numbers, or of images: the bytes of files, or what
   * Spark's image source makes of them (default features).
   */
  Param<String> featuresCol();

  /**
   * Param: columns of numbers, booleans, texts, dates, timestamps, vectors or arrays of numbers, in
   * the order of the features; texts, and numbers and vectors with nominal metadata, are
   * categories; not to be set beside featuresCol (default none).
   */
  default StringArrayParam featuresCols() {
    return scoringParams().featuresCols;
  }

  /**
   * Param: what is done with rows that have a missing feature (null, NaN or an image that cannot be
   * read): error, skip (they are left out) or keep: it is a value that the tabular network learns;
   * other networks take keep as error (default keep).
   */
  default Param<String> handleInvalid() {
    return scoringParams().handleInvalid;
  }

  /**
   * Param: column of the predicted class, a double, or of several labels the array of their
   * indices; empty for none (default prediction).
   */
  Param<String> predictionCol();

  /** Param: column of the class probabilities, a vector; empty for none (default probability). */
  Param<String> probabilityCol();

  /**
   * Param: column of the logits over the temperature, a vector, with two classes minus and plus the
   * margin or half of it; empty for none (default rawPrediction).
   */
  Param<String> rawPredictionCol();

  /**
   * Param: column of what each feature has to do with the score of the predicted class, a vector;
   * empty for none, since it takes a hundred times the time of scoring or more (default empty).
   *
   * <p>It is explained how the logit of the predicted class over the temperature, or with two
   * classes the log odds of class 1, differs from what it would be for a typical row: of the means
   * of standardized features (of the zeros of those that were not centred), or of the medians and
   * most frequent values of a table. Numbers are explained by integrated gradients (Sundararajan et
   * al. 2017, arXiv 1703.01365) in 32 steps of the midpoint rule, or up to 512 where it takes more
   * to add up, within 1 %, to what the numbers change together. Categories and missing numbers have
   * no path between two values: each is explained by the difference to the score with that feature
   * alone made typical, and these differences need not add up.
   */
  default Param<String> attributionCol() {
    return scoringParams().attributionCol;
  }

  /**
   * Param: one number per class; the class with the largest probability / threshold is predicted.
   * Of several labels each is predicted from its threshold on, 0.5 without thresholds; any of them
   * may be 0, which Spark's own param allows once (not set by default).
   */
  DoubleArrayParam thresholds();

  /** Value of {@link #featuresCol}. */
  String getFeaturesCol();

  /** Value of {@link #featuresCols}. */
  default String[] getFeaturesCols() {
    return getOrDefault(featuresCols());
  }

  /** Value of {@link #handleInvalid}. */
  default String getHandleInvalid() {
    return getOrDefault(handleInvalid());
  }

  /** Value of {@link #predictionCol}. */
  String getPredictionCol();

  /** Value of {@link #probabilityCol}. */
  String getProbabilityCol();

  /** Value of {@link #rawPredictionCol}. */
  String getRawPredictionCol();

  /** Value of {@link #attributionCol}. */
  default String getAttributionCol() {
    return getOrDefault(attributionCol());
  }

  /** Value of {@link #thresholds}. */
  double[] getThresholds();

  /** Sets {@link #featuresCol}. */
  S setFeaturesCol(String value);

  /** Sets {@link #featuresCols}. */
  default S setFeaturesCols(String... value) {
    return chained(featuresCols(), value);
  }

  /** Sets {@link #handleInvalid}. */
  default S setHandleInvalid(String value) {
    return chained(handleInvalid(), value);
  }

  /** Sets {@link #predictionCol}. */
  S setPredictionCol(String value);

  /** Sets {@link #probabilityCol}. */
  S setProbabilityCol(String value);

  /** Sets {@link #rawPredictionCol}. */
  S setRawPredictionCol(String value);

  /** Sets {@link #attributionCol}. */
  default S setAttributionCol(String value) {
    return chained(attributionCol(), value);
  }

  /** Sets {@link #thresholds}. */
  S setThresholds(double... value);

  /** The params themselves; one holder per owner. */
  final class Holder implements Serializable {

    private static final long serialVersionUID = 1L;

    final StringArrayParam featuresCols;
    final Param<String> handleInvalid;
    final Param<String> attributionCol;
    final DoubleArrayParam thresholds;

    Holder(Params owner) {
      featuresCols =
          new StringArrayParam(
              owner,
              "featuresCols",
              "columns of numbers, booleans, texts, dates, timestamps, vectors or arrays, in the"
                  + " order of the features; not to be set beside featuresCol");
      handleInvalid =
          new Param<>(
              owner,
              "handleInvalid",
              "what is done with rows that have a missing feature: error, skip (leave them out) or"
                  + " keep (a value that the tabular network learns; other networks take it as"
                  + " error)",
              ParamCheck.name("handleInvalid", InvalidRows::of));
      attributionCol =
          new Param<>(
              owner,
              "attributionCol",
              "column of what each feature has to do with the score of the predicted class, a"
                  + " vector, by integrated gradients; empty for none");
      thresholds =
          new DoubleArrayParam(
              owner,
              "thresholds",
              "one number per class; the class with the largest probability / threshold is"
                  + " predicted; of several labels each from its threshold on, 0.5 without any");
      owner.setDefault(featuresCols, new String[0]);
      owner.setDefault(handleInvalid, InvalidRows.KEEP.label());
      owner.setDefault(attributionCol, "");
    }
  }
}
