package io.sparkfocal.job;

import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.function.Predicate;
import org.apache.hadoop.fs.Path;
import org.apache.spark.SparkContext;
import org.apache.spark.SparkExecutorInfo;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A folder on a local disk, which executors on other hosts than the driver do not share with it.
 */
final class LocalFolder {

  private static final Logger LOG = LoggerFactory.getLogger(LocalFolder.class);

  private LocalFolder() {}

  /**
   * Says in the log if files of executors would be written to a disk that the driver does not read.
   * It is no error, since a folder may be mounted on all hosts.
   *
   * @param param whose value the folder is
   * @param folder with its file system
   * @param consequence what follows from it, within the sentence
   */
  static void warnIfElsewhere(String param, String folder, String consequence, SparkContext spark) {
    if (spark.isLocal()) {
      return;
    }
    Collection<String> hosts = new LinkedHashSet<>();
    Arrays.stream(spark.statusTracker().getExecutorInfos())
        .map(SparkExecutorInfo::host)
        .forEach(hosts::add);
    String warning = warning(param, folder, consequence, hosts, LocalFolder::isThisMachine);
    if (warning != null) {
      LOG.warn(warning);
    }
  }

  /** The warning; null if there is nothing to warn of. */
  static @Nullable String warning(
      String param,
      String folder,
      String consequence,
      Collection<String> hosts,
      Predicate<String> isThisMachine) {
    if (!"file".equals(new Path(folder).toUri().getScheme())) {
      return null;
    }
    return hosts.stream()
        .filter(isThisMachine.negate())
        .findFirst()
        .map(
            host ->
                "%s is %s, on a local disk, but an executor runs on host %s, not on the driver's: unless the folder is mounted on all hosts, %s; set %1$s to a folder of a file system that driver and executors share."
                    .formatted(param, folder, host, consequence))
        .orElse(null);
  }

  private static boolean isThisMachine(String host) {
    try {
      InetAddress address = InetAddress.getByName(host);
      return address.isLoopbackAddress() || NetworkInterface.getByInetAddress(address) != null;
    } catch (UnknownHostException | SocketException e) {
      return false;
    }
  }
}
