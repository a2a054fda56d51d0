package io.sparkfocal.data;

import io.sparkfocal.network.NetworkDescription;
import java.io.Serializable;

/** What is done to the features of a row before the network takes them, in training and scoring. */
public sealed interface FeatureEncoding extends Serializable
    permits Standardization, TableEncoding {

  /** Features of a row. */
  int features();

  /** Values that the network takes for a row. */
  int inputs();

  /** The network that takes these inputs, where another one was asked for by its features. */
  NetworkDescription network(NetworkDescription asked);

  /**
   * Reads rows of these columns for scoring; used by one thread.
   *
   * @param keeps whether features may be missing, where the encoding knows what that means
   */
  FeatureReader reader(FeatureLayout layout, boolean keeps);
}
