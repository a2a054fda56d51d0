package io.sparkfocal.collective.rpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.sparkfocal.collective.CollectiveException;
import java.io.IOException;
import java.net.BindException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class PortRangeTest {

  private final List<Integer> tried = new ArrayList<>();

  /** Listens if the port is at least {@code free}; else throws undeclared, as Netty does. */
  private int listen(int port, int free) {
    tried.add(port);
    if (port < free) {
      PortRangeTest.<RuntimeException>undeclared(new BindException("Address already in use"));
    }
    return port;
  }

  @SuppressWarnings("unchecked")
  private static <E extends Exception> void undeclared(IOException failure) throws E {
    throw (E) failure;
  }

  @Test
  void withoutAPortAnyIsTaken() {
    assertThat(PortRange.ANY.first(port -> listen(port, 0)).intValue()).isZero();
    assertThat(tried).containsExactly(0);
  }

  @Test
  void theFirstThatIsFreeIsTaken() {
    int taken = new PortRange(7300, 16).first(port -> listen(port, 7302));
    assertThat(taken).isEqualTo(7302);
    assertThat(tried).containsExactly(7300, 7301, 7302);
  }

  @Test
  void whereNoneIsFreeTheSentenceSaysWhichWereTried() {
    assertThatExceptionOfType(CollectiveException.class)
        .isThrownBy(() -> new PortRange(65_534, 5).first(port -> listen(port, 70_000)))
        .withMessage(
            "spark.focal.port is 65534, but no port from 65534 to 65535 can be listened on (Address already in use); every rank of a host needs one: free some, set another port, or raise spark.port.maxRetries (now 5).");
    assertThat(tried).containsExactly(65_534, 65_535);
  }

  @Test
  void aFailureOfAnotherKindIsNotTriedAgain() {
    assertThatExceptionOfType(IllegalArgumentException.class)
        .isThrownBy(
            () ->
                new PortRange(7300, 5)
                    .first(
                        port -> {
                          tried.add(port);
                          throw new IllegalArgumentException("no such host");
                        }));
    assertThat(tried).containsExactly(7300);
  }
}
