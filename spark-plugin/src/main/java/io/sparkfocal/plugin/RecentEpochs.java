package io.sparkfocal.plugin;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * The last epochs of all fits of this driver, for those who ask for them again and again, as the
 * Python package does while {@code fit} runs; filled by the plugin.
 */
public final class RecentEpochs {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int KEPT = 1000;

  /** Guarded by the class. */
  private static final Deque<EpochCompleted> LAST = new ArrayDeque<>();

  /** How many there have been; guarded by the class. */
  private static long count;

  private RecentEpochs() {}

  static synchronized void add(EpochCompleted epoch) {
    LAST.add(epoch);
    count++;
    if (LAST.size() > KEPT) {
      LAST.remove();
    }
  }

  /** How many epochs there have been. */
  public static synchronized long count() {
    return count;
  }

  /**
   * The epochs after the first {@code seen}, of the last 1,000, as a JSON array of {@link
   * EpochCompleted}.
   */
  public static synchronized String after(long seen) {
    ArrayNode found = JSON.createArrayNode();
    LAST.stream()
        .skip(Math.max(0, LAST.size() - (count - seen)))
        .forEach(epoch -> found.add(JSON.valueToTree(epoch)));
    return found.toString();
  }
}
