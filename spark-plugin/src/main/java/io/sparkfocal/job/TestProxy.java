package io.sparkfocal.job;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import org.apache.spark.SparkEnv;

/** Lets tests put a proxy between ranks: {@code spark.focal.test.proxy} is its host and port. */
final class TestProxy {

  private static final String SETTING = "spark.focal.test.proxy";

  private TestProxy() {}

  /** Where other ranks are to connect to reach this address: there, where no proxy is set. */
  static String fronting(String address) {
    String proxy = SparkEnv.get().conf().get(SETTING, "");
    if (proxy.isEmpty()) {
      return address;
    }
    int colon = proxy.lastIndexOf(':');
    try (Socket socket =
            new Socket(proxy.substring(0, colon), Integer.parseInt(proxy.substring(colon + 1)));
        BufferedReader answers =
            new BufferedReader(
                new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8))) {
      socket.getOutputStream().write((address + "\n").getBytes(StandardCharsets.UTF_8));
      return answers.readLine();
    } catch (IOException e) {
      throw new UncheckedIOException("The proxy " + proxy + " of a test does not answer.", e);
    }
  }
}
