package io.sparkfocal.job;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class SlotReportTest {

  private static String described(int needed, int slots, int busy, String... jobs) {
    return new SlotReport(needed, slots, busy, List.of(jobs)).describe();
  }

  @Test
  void busySlotsAreCountedAndTheirJobsNamed() {
    assertThat(described(3, 3, 1, "job 12 (foreach at X.java:10)"))
        .isEqualTo(
            "fit needs 3 free task slots at once; 1 of 3 is busy with job 12 (foreach at X.java:10): setNumWorkers(2), or wait.");
    assertThat(described(8, 8, 3, "job 1 (a)", "job 2 (b)"))
        .isEqualTo(
            "fit needs 8 free task slots at once; 3 of 8 are busy with job 1 (a), job 2 (b): setNumWorkers(5), or wait.");
  }

  @Test
  void whereNoSlotIsFreeFewerWorkersAreNoHelp() {
    assertThat(described(2, 4, 4, "job 1 (a)"))
        .isEqualTo(
            "fit needs 2 free task slots at once; all 4 are busy with job 1 (a): wait, or end them.");
    assertThat(described(1, 1, 1, "job 1 (a)"))
        .isEqualTo(
            "fit needs a free task slot; the only one is busy with job 1 (a): wait, or end them.");
  }

  @Test
  void manyJobsAreNotAllNamed() {
    assertThat(described(1, 9, 9, "job 1 (a)", "job 2 (a)", "job 3 (a)", "job 4 (a)", "job 5 (a)"))
        .contains("all 9 are busy with job 1 (a), job 2 (a), job 3 (a) and 2 more: wait");
  }

  @Test
  void tasksThatOutliveTheirJobsAndSlotsThatLookFreeAreToldAsSuch() {
    assertThat(described(3, 3, 1))
        .contains("1 of 3 is busy with other tasks: setNumWorkers(2), or wait.");
    assertThat(described(3, 4, 1))
        .isEqualTo(
            "fit needs 3 free task slots at once; Spark has started none of its tasks yet, though 3 of 4 look free.");
  }
}
