package io.sparkfocal.chaos;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * Stands between ranks: a rank tells it where it listens and hears where the others are to connect
 * instead. Connections can be cut, or go silent without being closed.
 */
final class RankProxy implements AutoCloseable {

  private final ServerSocket desk;
  private final List<ServerSocket> fronts = new CopyOnWriteArrayList<>();
  private final List<Socket> open = new CopyOnWriteArrayList<>();
  private final Set<Socket> silenced = ConcurrentHashMap.newKeySet();

  RankProxy() throws IOException {
    desk = new ServerSocket(0, 64, InetAddress.getLoopbackAddress());
    run("desk", this::serve);
  }

  /** Where ranks tell it where they listen, as host:port. */
  String address() {
    return "127.0.0.1:" + desk.getLocalPort();
  }

  private void serve() throws IOException {
    while (true) {
      try (Socket rank = desk.accept()) {
        BufferedReader in =
            new BufferedReader(
                new InputStreamReader(rank.getInputStream(), StandardCharsets.UTF_8));
        String target = in.readLine();
        ServerSocket front = new ServerSocket(0, 64, InetAddress.getLoopbackAddress());
        fronts.add(front);
        run("front", () -> accept(front, target));
        String reply = "127.0.0.1:" + front.getLocalPort() + "\n";
        rank.getOutputStream().write(reply.getBytes(StandardCharsets.UTF_8));
      }
    }
  }

  private void accept(ServerSocket front, String target) throws IOException {
    int colon = target.lastIndexOf(':');
    while (true) {
      Socket from = front.accept();
      Socket to =
          new Socket(target.substring(0, colon), Integer.parseInt(target.substring(colon + 1)));
      from.setTcpNoDelay(true);
      to.setTcpNoDelay(true);
      open.add(from);
      open.add(to);
      run("there", () -> pump(from, to));
      run("back", () -> pump(to, from));
    }
  }

  private void pump(Socket from, Socket to) throws IOException {
    byte[] buffer = new byte[64 << 10];
    try (from;
        to;
        InputStream in = from.getInputStream();
        OutputStream out = to.getOutputStream()) {
      int count = in.read(buffer);
      while (count >= 0) {
        if (!silenced.contains(from)) {
          out.write(buffer, 0, count);
        }
        count = in.read(buffer);
      }
    }
  }

  /** Whether ranks have connected through it since the last recovery. */
  boolean hasConnections() {
    return !open.isEmpty();
  }

  /** Closes all connections of this moment. */
  void cut() {
    closeAll(open);
  }

  /** Swallows all bytes of the connections of this moment, which stay open; later ones work. */
  void fallSilent() {
    silenced.addAll(open);
  }

  /** As before any disturbance. */
  void recover() {
    closeAll(open);
    closeAll(fronts);
    silenced.clear();
  }

  private static <T extends AutoCloseable> void closeAll(List<T> sockets) {
    for (T socket : sockets) {
      try {
        socket.close();
      } catch (Exception e) {
        // It is closed, or as good as closed.
        continue;
      }
    }
    sockets.clear();
  }

  private interface Task {
    void run() throws IOException;
  }

  /** Until its socket is closed. */
  private static void run(String name, Task task) {
    Thread thread =
        new Thread(
            () -> {
              try {
                task.run();
              } catch (IOException | UncheckedIOException e) {
                // The socket was closed.
                return;
              }
            },
            "rank-proxy-" + name);
    thread.setDaemon(true);
    thread.start();
  }

  @Override
  public void close() throws IOException {
    recover();
    desk.close();
  }
}
