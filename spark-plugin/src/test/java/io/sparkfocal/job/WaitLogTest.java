package io.sparkfocal.job;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class WaitLogTest {

  private final List<String> said = new ArrayList<>();
  private long seconds;
  private final WaitLog log = new WaitLog(said::add, () -> Duration.ofSeconds(seconds).toNanos());

  private void wait(int length) {
    for (int i = 0; i < length; i++) {
      seconds++;
      log.say(() -> "after " + seconds + " s");
    }
  }

  @Test
  void itSpeaksWithinTenSecondsAndThenOnceAMinute() {
    wait(150);
    assertThat(said).containsExactly("after 5 s", "after 65 s", "after 125 s");
  }

  @Test
  void whoeverWaitsForSomethingElseBeginsAgain() {
    wait(4);
    log.restart();
    wait(4);
    assertThat(said).isEmpty();
    wait(1);
    assertThat(said).containsExactly("after 9 s");
  }
}
