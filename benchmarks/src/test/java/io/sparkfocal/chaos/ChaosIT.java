package io.sparkfocal.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Disturbed trainings on executor processes; the system property {@code chaos.runs} says how many.
 */
@Timeout(3600)
class ChaosIT {

  private static final int RUNS = Integer.parseInt(System.getProperty("chaos.runs", "10"));

  @Test
  void everyDisturbedTrainingEndsWithTheBitsOfAnUndisturbedOne() throws Exception {
    Chaos.Result result = Chaos.run(RUNS, 1);
    assertThat(result.isGood()).as(result.toString()).isTrue();
    assertThat(result.recovered()).as(result.toString()).isGreaterThanOrEqualTo(RUNS / 2);
  }
}
