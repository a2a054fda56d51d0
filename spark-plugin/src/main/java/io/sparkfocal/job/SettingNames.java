package io.sparkfocal.job;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import org.apache.spark.SparkConf;

/** The names of all {@code spark.focal.*} settings, so that a misspelt one is not passed over. */
final class SettingNames {

  /** What all of them begin with. */
  static final String PREFIX = "spark.focal.";

  /** Of Spark's transport, as {@code spark.rpc.io.*} and {@code spark.shuffle.io.*}. */
  private static final String TRANSPORT = PREFIX + "io.";

  /** The only other one that Spark's transport reads by its module's name. */
  private static final String TRANSPORT_TIMEOUT = PREFIX + "sasl.timeout";

  static final List<String> KNOWN =
      List.of(
          JobSettings.SLOTS_TIMEOUT,
          JobSettings.BUSY_TIMEOUT,
          JobSettings.COLLECTIVE_TIMEOUT,
          Transport.KEY,
          JobSettings.PRECISION,
          JobSettings.HIERARCHICAL,
          JobSettings.PORT,
          JobSettings.LIBRARY_PATH,
          Transport.ALLOW_PLAINTEXT,
          JobSettings.FUSED_KERNELS,
          JobSettings.SHARED_GPU,
          JobSettings.LEASE,
          JobSettings.RETENTION);

  /** Further from every name than this, a name is no misspelling of it. */
  private static final int MOST_EDITS = 5;

  private SettingNames() {}

  /** Whether a process reads a setting once, so that a session cannot change it. */
  static boolean isOfApplication(String key) {
    return isOfTransport(key) || key.equals(JobSettings.LIBRARY_PATH);
  }

  private static boolean isOfTransport(String key) {
    return key.startsWith(TRANSPORT) || key.equals(TRANSPORT_TIMEOUT);
  }

  /**
   * Requires that there is no setting of this library that it does not know.
   *
   * @throws IllegalArgumentException if there is one
   */
  static void requireKnown(SparkConf conf) {
    Arrays.stream(conf.getAllWithPrefix(PREFIX))
        .map(entry -> PREFIX + entry._1())
        .sorted()
        .forEach(SettingNames::requireKnown);
  }

  private static void requireKnown(String key) {
    if (KNOWN.contains(key) || isOfTransport(key)) {
      return;
    }
    String nearest = KNOWN.stream().min(Comparator.comparingInt(k -> edits(k, key))).orElseThrow();
    throw new IllegalArgumentException(
        edits(nearest, key) <= MOST_EDITS
            ? "%s is no setting; write %s, or take it away.".formatted(key, nearest)
            : "%s is no setting; take it away, or write one of %s."
                .formatted(key, String.join(", ", KNOWN)));
  }

  /** Letters put in, taken out or replaced to make one of the other (Levenshtein). */
  private static int edits(String one, String other) {
    int[] costs = new int[other.length() + 1];
    Arrays.setAll(costs, i -> i);
    for (int i = 1; i <= one.length(); i++) {
      int diagonal = costs[0];
      costs[0] = i;
      for (int j = 1; j <= other.length(); j++) {
        int replaced = diagonal + (one.charAt(i - 1) == other.charAt(j - 1) ? 0 : 1);
        diagonal = costs[j];
        costs[j] = Math.min(replaced, 1 + Math.min(costs[j], costs[j - 1]));
      }
    }
    return costs[other.length()];
  }
}
