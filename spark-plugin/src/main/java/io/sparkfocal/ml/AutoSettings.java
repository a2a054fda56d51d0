package io.sparkfocal.ml;

import java.util.Arrays;

/**
 * Epochs, batch size, learning rate and what goes with them: as they were set, else as a function
 * of the training rows. Ranks do not count: a step is that of all their rows together.
 *
 * @param epochs passes over the training rows, at most
 * @param batchSize rows of a step over all ranks
 * @param learningRate highest
 * @param patience epochs without a better one after which training ends; 0 for none
 * @param averaging epochs over which weights are averaged; 0 for none
 */
record AutoSettings(
    int epochs, int batchSize, double learningRate, int patience, double averaging) {

  /** A small table is seen so often at least, a large one for so many steps at most. */
  private static final int FEWEST_STEPS = 800;

  private static final int MOST_STEPS = 40_000;

  private static final int STEPS_PER_EPOCH = 150;
  private static final int SMALLEST_BATCH = 64;
  private static final int LARGEST_BATCH = 1024;
  private static final int EPOCHS = 20;
  private static final int MOST_EPOCHS = 100;
  private static final int FEWEST_EPOCHS = 3;
  private static final double LEARNING_RATE = 0.002;
  private static final double AVERAGING = 0.5;

  private static final int SMALLEST_IMAGE_BATCH = 16;
  private static final long VALUES_OF_BATCH = 1 << 22;

  private static final int MLP_EPOCHS = 15;
  private static final int MLP_BATCH = 256;
  private static final double MLP_LEARNING_RATE = 0.003;

  /** For that network and so many training rows. */
  static AutoSettings of(FocalLossClassifier params, NetworkChoice network, long rows) {
    boolean tabular = network == NetworkChoice.TABULAR;
    int batch = params.getBatchSize();
    if (batch == 0) {
      batch = tabular ? nearestPowerOfTwo(rows / STEPS_PER_EPOCH) : MLP_BATCH;
      if (network == NetworkChoice.CNN || network == NetworkChoice.RESNET18) {
        batch = ofImages(params.getInputShape());
      }
    }
    long steps = Math.max(1, (rows + batch - 1) / batch);
    int epochs = params.getMaxIter();
    if (epochs == 0) {
      epochs = tabular ? epochs(steps) : MLP_EPOCHS;
    }
    double rate = params.getLearningRate();
    if (rate == 0) {
      rate = tabular ? LEARNING_RATE : MLP_LEARNING_RATE;
    }
    int patience = params.getEarlyStoppingPatience();
    if (patience < 0) {
      patience = params.getMaxIter() == 0 ? Math.max(2, epochs / 2) : 0;
    }
    double averaging = params.getWeightAveraging();
    if (averaging < 0) {
      averaging = tabular ? AVERAGING : 0;
    }
    return new AutoSettings(epochs, batch, rate, patience, averaging);
  }

  /** Fewer of large ones, since layers take hundreds of times the memory of an image. */
  private static int ofImages(int... inputShape) {
    long values = Arrays.stream(inputShape).asLongStream().reduce(1, (a, b) -> a * b);
    long most = Long.highestOneBit(Math.max(1, VALUES_OF_BATCH / Math.max(1, values)));
    return (int) Math.max(SMALLEST_IMAGE_BATCH, Math.min(MLP_BATCH, most));
  }

  private static int epochs(long stepsPerEpoch) {
    long enough = (FEWEST_STEPS + stepsPerEpoch - 1) / stepsPerEpoch;
    long most = Math.max(FEWEST_EPOCHS, MOST_STEPS / stepsPerEpoch);
    return (int) Math.min(most, Math.min(MOST_EPOCHS, Math.max(EPOCHS, enough)));
  }

  private static int nearestPowerOfTwo(long rows) {
    long below = Long.highestOneBit(Math.max(1, rows));
    long nearest = rows * rows > 2 * below * below ? 2 * below : below;
    return (int) Math.max(SMALLEST_BATCH, Math.min(LARGEST_BATCH, nearest));
  }
}
