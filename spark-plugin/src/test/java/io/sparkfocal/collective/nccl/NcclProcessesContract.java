package io.sparkfocal.collective.nccl;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkfocal.testing.OtherJvm;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Two ranks in two processes, of which one is stopped. */
@Timeout(120)
abstract class NcclProcessesContract {

  @TempDir private Path folder;

  /** Folders of libraries, "cpu" or "gpu", and the GPU of a rank. */
  protected abstract String[] place(int rank) throws Exception;

  /** Besides those of this process. */
  protected abstract Map<String, String> variables(int rank);

  private Process rank(int rank, int port) throws Exception {
    String[] place = place(rank);
    return OtherJvm.start(
        output(rank),
        System.getProperty("java.class.path"),
        variables(rank),
        NcclProcess.class,
        Integer.toString(rank),
        Integer.toString(port),
        place[0],
        place[1],
        place[2]);
  }

  private Path output(int rank) {
    return folder.resolve("rank-" + rank + ".txt");
  }

  @Test
  void ranksOfTwoProcessesSumAndOneThatIsStoppedIsLeft() throws Exception {
    try (ServerSocket server = new ServerSocket(0, 2, InetAddress.getLoopbackAddress())) {
      Process first = rank(0, server.getLocalPort());
      Process second = rank(1, server.getLocalPort());
      try (Socket one = server.accept();
          Socket other = server.accept()) {
        forward(one, other);
        forward(other, one);
        assertThat(first.waitFor(90, TimeUnit.SECONDS)).isTrue();
      } finally {
        first.destroyForcibly();
        second.destroyForcibly();
      }
      assertThat(Files.readString(output(1))).contains("sums 3.0 to 3.0");
      assertThat(Files.readString(output(0)))
          .contains("sums 3.0 to 3.0")
          .contains("told: Rank 0 of 2, waited 10000 ms for the others in allReduce")
          .contains("sum afterwards 10.0");
    }
  }

  private static void forward(Socket from, Socket to) {
    Thread thread =
        new Thread(
            () -> {
              try {
                InputStream bytes = from.getInputStream();
                bytes.transferTo(to.getOutputStream());
              } catch (IOException e) {
                // One of the two has ended.
              }
            },
            "forward");
    thread.setDaemon(true);
    thread.start();
  }
}
