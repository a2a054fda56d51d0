package io.sparkfocal.collective.rpc;

import io.sparkfocal.collective.CollectiveException;
import java.io.IOException;
import java.util.function.IntFunction;

/**
 * The ports that a rank may listen on: the first one and some above it, as for Spark's own services
 * with {@code spark.port.maxRetries}.
 *
 * @param first the lowest; 0 for any free port
 * @param retries how many above it are tried where it is taken
 */
public record PortRange(int first, int retries) {

  /** Whatever is free. */
  public static final PortRange ANY = new PortRange(0, 0);

  private static final int LARGEST = 65_535;

  /** The last one that is tried. */
  private int last() {
    return Math.min(LARGEST, first + Math.max(0, retries));
  }

  /**
   * Listens on the first that is free.
   *
   * @param listen on a port
   * @throws CollectiveException if none is free
   */
  <T> T first(IntFunction<T> listen) {
    if (first == 0) {
      return listen.apply(0);
    }
    for (int port = first; ; port++) {
      try {
        return listen.apply(port);
      } catch (RuntimeException e) {
        throw e;
      } catch (Exception e) {
        // Netty throws it undeclared.
        if (!(e instanceof IOException)) {
          throw new IllegalStateException(e);
        }
        if (port >= last()) {
          throw new CollectiveException(
              "spark.focal.port is %s, but no port from %1$s to %s can be listened on (%s); every rank of a host needs one: free some, set another port, or raise spark.port.maxRetries (now %s)."
                  .formatted(first, last(), e.getMessage(), retries),
              e);
        }
      }
    }
  }

  /** For a sentence on why ranks do not reach each other. */
  String described() {
    return first == 0
        ? "any port, unless spark.focal.port is set, which a firewall may need"
        : "%s to %s, by spark.focal.port and spark.port.maxRetries".formatted(first, last());
  }
}
