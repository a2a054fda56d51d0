package io.sparkfocal.data;

import io.sparkfocal.network.NetworkDescription;
import java.io.Serializable;

/** What is done to the features of a row before the network takes them, in training and scoring. */
public sealed interface FeatureEncoding extends Serializable
    permits Standardization, TableEncoding, ImageEncoding {

  /** Features of a row. */
  int features();

  /** Values that the network takes for a row. */
  int inputs();

  /** Which of these values a feature becomes. */
  default int[] inputsOf(int feature) {
    return new int[] {feature};
  }

  /** Whether a feature is a category, whose values have no order. */
  default boolean isCategory(int feature) {
    return false;
  }

  /**
   * The inputs of a row that others are compared with: means, as far as a standardization subtracts
   * them, or medians of a table's numbers, and the most frequent values of categories.
   */
  float[] typicalInputs();

  /** The network that takes these inputs, where another one was asked for by its features. */
  default NetworkDescription network(NetworkDescription asked) {
    return asked;
  }

  /**
   * Reads rows of these columns for scoring; used by one thread.
   *
   * @param keeps whether features may be missing, where the encoding knows what that means
   */
  FeatureReader reader(FeatureLayout layout, boolean keeps);

  /**
   * Reads rows of one vector of all features, in their order; used by one thread.
   *
   * <p>A text is its index in the dictionary of its column, which has one more for all other texts;
   * a missing feature is NaN; a pixel is a number from 0 to 255; all else is as {@link #reader}
   * takes it.
   */
  FeatureReader vectorReader(boolean keeps);
}
