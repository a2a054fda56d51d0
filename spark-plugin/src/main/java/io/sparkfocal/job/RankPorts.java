package io.sparkfocal.job;

import java.util.Arrays;
import org.apache.spark.SparkContext;
import org.apache.spark.SparkEnv;
import org.apache.spark.SparkExecutorInfo;
import org.apache.spark.storage.BlockManagerId;

/** Whether the ports that ranks may listen on are enough, where {@code spark.focal.port} is set. */
final class RankPorts {

  private static final int LARGEST = 65_535;

  private RankPorts() {}

  /**
   * Refuses what fails wherever Spark puts the ranks; ports that others have taken are found later.
   *
   * @throws IllegalArgumentException if some host gets more ranks than there are ports
   */
  static void require(SparkContext spark, JobSettings settings, int workers) {
    if (settings.port() != 0) {
      require(settings.port(), settings.portRetries(), workers, hosts(spark));
    }
  }

  /**
   * The same, of an application whose executors run on that many hosts.
   *
   * @param retries how many ports above the first one may be used
   */
  static void require(int port, int retries, int workers, int hosts) {
    int ports = Math.min(LARGEST, port + Math.max(0, retries)) - port + 1;
    int ranks = (workers + hosts - 1) / hosts;
    if (ranks > ports) {
      throw new IllegalArgumentException(
          "spark.focal.port is %s and spark.port.maxRetries %s, which makes %s ports, but a host gets at least %s of the %s ranks, each with a port of its own; set spark.port.maxRetries to at least %s, a port of at most %s, or spark.focal.port to 0."
              .formatted(port, retries, ports, ranks, workers, ranks - 1, LARGEST - ranks + 1));
    }
  }

  /** Those of executors; the driver's own, which Spark lists too, only where it is the executor. */
  private static int hosts(SparkContext spark) {
    BlockManagerId driver = SparkEnv.get().blockManager().blockManagerId();
    long hosts =
        Arrays.stream(spark.statusTracker().getExecutorInfos())
            .filter(info -> info.port() != driver.port() || !info.host().equals(driver.host()))
            .map(SparkExecutorInfo::host)
            .distinct()
            .count();
    return (int) Math.max(1, hosts);
  }
}
