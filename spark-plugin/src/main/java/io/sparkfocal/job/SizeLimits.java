package io.sparkfocal.job;

import io.sparkfocal.train.TrainingSettings;
import org.apache.spark.SparkConf;

/**
 * What a training brings home must fit into: known from the number of parameters, so that nobody
 * trains a network that cannot be kept.
 *
 * @param result {@code spark.driver.maxResultSize} in bytes; 0 for no limit
 */
record SizeLimits(long result) {

  private static final String MAX_RESULT = "spark.driver.maxResultSize";

  /** Of a Java array, less a header. */
  private static final long ARRAY = Integer.MAX_VALUE - (1L << 16);

  /** Of a string that Jackson reads. */
  private static final long TEXT = 20_000_000;

  /** Mean and scale of a feature, as text; 0 and 1 without standardization. */
  private static final long FEATURE = 40;

  private static final long PLAIN_FEATURE = 8;

  /** Of the report of an epoch, as text: at least. */
  private static final long EPOCH = 150;

  /** What Spark adds to the result of a task. */
  private static final long RANK = 2048;

  /** Those of an application. */
  static SizeLimits of(SparkConf conf) {
    return new SizeLimits(conf.getSizeAsBytes(MAX_RESULT, "1g"));
  }

  /**
   * Requires that result and checkpoints of a network fit.
   *
   * @param parameters values of the network: those that are trained and the others
   * @param trained of these
   * @param validated whether there are validation rows, and so the weights of a best epoch
   * @throws IllegalArgumentException if they do not
   */
  void require(TrainingPlan plan, long parameters, long trained, boolean validated) {
    int features = plan.network().features();
    TrainingSettings settings = plan.settings();
    // With patience it is not known how many there will be.
    int epochs = settings.patience() > 0 ? 1 : settings.epochs();
    long text = (plan.standardize() ? FEATURE : PLAIN_FEATURE) * features + EPOCH * epochs;
    if (text > TEXT) {
      throw new IllegalArgumentException(
          "Mean and scale of %s features and the reports of %s epochs are a text of about %s characters, but at most %s can be read again; use fewer features, or a lower maxIter."
              .formatted(features, epochs, text, TEXT));
    }
    long weights = bytes(parameters, 1);
    requireResult(parameters, plus(weights, text), plan.workers());
    if (plan.checkpoints() != null) {
      long state = bytes(trained, settings.optimizer().momentCount());
      requireCheckpoint(
          parameters, plus(plus(plus(weights, state), validated ? weights : 0), text));
    }
  }

  private void requireResult(long parameters, long bytes, int workers) {
    if (bytes > ARRAY) {
      throw new IllegalArgumentException(
          "The network has %s parameters, which as the result of the training are %s bytes, but at most %s can be sent; use a smaller network."
              .formatted(parameters, bytes, ARRAY));
    }
    long all = bytes + RANK * workers;
    if (result > 0 && all > result) {
      throw new IllegalArgumentException(
          "The network has %s parameters, and the results of %s workers need %s bytes, but %s is %s; start the application with %sm or more (0 for no limit), or use a smaller network."
              .formatted(parameters, workers, all, MAX_RESULT, result, (all >> 20) + 1));
    }
  }

  private static void requireCheckpoint(long parameters, long bytes) {
    if (bytes > ARRAY) {
      throw new IllegalArgumentException(
          "The network has %s parameters, and with what the optimizer remembers a checkpoint needs %s bytes, but at most %s can be written; use a smaller network or the optimizer sgd, or leave checkpointDir empty."
              .formatted(parameters, bytes, ARRAY));
    }
  }

  /** At most the largest long: then it is refused whatever the limit is. */
  private static long bytes(long values, int times) {
    long most = Long.MAX_VALUE / Float.BYTES / Math.max(1, times);
    return values > most ? Long.MAX_VALUE : values * Float.BYTES * times;
  }

  private static long plus(long a, long b) {
    return a > Long.MAX_VALUE - b ? Long.MAX_VALUE : a + b;
  }
}
