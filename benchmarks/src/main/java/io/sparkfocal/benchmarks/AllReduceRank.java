package io.sparkfocal.benchmarks;

import io.sparkfocal.collective.Collective;
import io.sparkfocal.collective.rpc.PortRange;
import io.sparkfocal.collective.rpc.RpcEndpoint;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import org.apache.spark.SecurityManager;
import org.apache.spark.SparkConf;
import scala.Option;

/** One rank of {@link AllReduceSpeed}, on an authenticated channel. */
public final class AllReduceRank {

  private AllReduceRank() {}

  /**
   * Takes its rank, and from the parent the addresses of all, then "bytes iterations precision".
   */
  public static void main(String[] arguments) throws IOException {
    BufferedReader orders =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    try (RpcEndpoint endpoint = endpoint()) {
      Child.reply(endpoint.address());
      List<String> addresses = List.of(orders.readLine().split(" "));
      try (Collective ring =
          endpoint.connect(Integer.parseInt(arguments[0]), addresses, Duration.ofSeconds(60))) {
        String line;
        while ((line = orders.readLine()) != null) {
          String[] order = line.split(" ");
          Child.reply(
              seconds(
                  ring,
                  Integer.parseInt(order[0]),
                  Integer.parseInt(order[1]),
                  Collective.Precision.valueOf(order[2])));
        }
      }
    }
  }

  static RpcEndpoint endpoint() {
    SparkConf conf =
        new SparkConf(false)
            .set("spark.authenticate", "true")
            .set("spark.authenticate.secret", "benchmark");
    SecurityManager security = new SecurityManager(conf, Option.empty(), null);
    return RpcEndpoint.open(conf, security, "127.0.0.1", "127.0.0.1", PortRange.ANY, 1);
  }

  private static double seconds(
      Collective ring, int bytes, int iterations, Collective.Precision precision) {
    ByteBuffer values = ByteBuffer.allocateDirect(bytes).order(ByteOrder.nativeOrder());
    ring.allReduce(values, precision);
    long start = System.nanoTime();
    for (int i = 0; i < iterations; i++) {
      ring.allReduce(values, precision);
    }
    return (System.nanoTime() - start) / 1e9 / iterations;
  }
}
