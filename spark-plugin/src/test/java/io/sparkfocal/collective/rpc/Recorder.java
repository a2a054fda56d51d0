package io.sparkfocal.collective.rpc;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;

/** Passes bytes on both ways and keeps those of the one who connected. */
final class Recorder implements AutoCloseable {

  private final ServerSocket front = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
  private final ByteArrayOutputStream kept = new ByteArrayOutputStream();

  Recorder(int target) throws IOException {
    Thread accepting =
        new Thread(
            () -> {
              try {
                Socket from = front.accept();
                Socket to = new Socket(InetAddress.getLoopbackAddress(), target);
                new Thread(() -> pump(from, to, kept)).start();
                new Thread(() -> pump(to, from, OutputStream.nullOutputStream())).start();
              } catch (IOException e) {
                throw new UncheckedIOException(e);
              }
            });
    accepting.start();
  }

  private static void pump(Socket from, Socket to, OutputStream copy) {
    byte[] buffer = new byte[4096];
    try (from;
        to) {
      int count = from.getInputStream().read(buffer);
      while (count > 0) {
        synchronized (copy) {
          copy.write(buffer, 0, count);
        }
        to.getOutputStream().write(buffer, 0, count);
        count = from.getInputStream().read(buffer);
      }
    } catch (IOException e) {
      // One side has closed the connection.
      return;
    }
  }

  int port() {
    return front.getLocalPort();
  }

  byte[] recorded() {
    synchronized (kept) {
      return kept.toByteArray();
    }
  }

  @Override
  public void close() throws IOException {
    front.close();
  }
}
