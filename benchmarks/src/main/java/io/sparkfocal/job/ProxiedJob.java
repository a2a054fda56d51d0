package io.sparkfocal.job;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import org.apache.spark.sql.SparkSession;

/** Trainings between whose ranks a proxy stands, which {@code bin/chaos} cuts and silences. */
public final class ProxiedJob {

  private ProxiedJob() {}

  /**
   * A job whose ranks connect through a proxy.
   *
   * @param proxy host:port of a desk that takes a line with the address of a rank, and answers with
   *     a line of where to connect to reach it
   */
  public static TrainingJob of(SparkSession spark, String proxy) {
    return new TrainingJob(spark, new Proxied(proxy));
  }

  /** Asks the proxy, on the executor. */
  private record Proxied(String proxy) implements RankLinks {

    @Override
    public String reachableAt(String address) {
      int colon = proxy.lastIndexOf(':');
      try (Socket socket =
              new Socket(proxy.substring(0, colon), Integer.parseInt(proxy.substring(colon + 1)));
          BufferedReader answers =
              new BufferedReader(
                  new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8))) {
        socket.getOutputStream().write((address + "\n").getBytes(StandardCharsets.UTF_8));
        String answer = answers.readLine();
        if (answer == null) {
          throw new IOException("It closed the connection.");
        }
        return answer;
      } catch (IOException e) {
        throw new UncheckedIOException("The proxy " + proxy + " does not answer.", e);
      }
    }
  }
}
