package io.sparkfocal.job;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;

class RankPortsTest {

  @Test
  void moreRanksOfAHostThanPortsAreRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> RankPorts.require(7300, 16, 36, 2))
        .withMessage(
            "spark.focal.port is 7300 and spark.port.maxRetries 16, which makes 17 ports, but a host gets at least 18 of the 36 ranks, each with a port of its own; set spark.port.maxRetries to at least 17, a port of at most 65518, or spark.focal.port to 0.");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> RankPorts.require(65_534, 16, 3, 1))
        .withMessageContaining("makes 2 ports, but a host gets at least 3 of the 3 ranks");
  }

  @Test
  void whatMayGoWellIsNotRefused() {
    assertThatCode(() -> RankPorts.require(7300, 16, 34, 2)).doesNotThrowAnyException();
    assertThatCode(() -> RankPorts.require(7300, 0, 1, 1)).doesNotThrowAnyException();
  }
}
