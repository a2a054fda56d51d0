package io.sparkfocal.plugin;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sparkfocal.train.EpochReport;
import java.io.IOException;
import org.junit.jupiter.api.Test;

class RecentEpochsTest {

  private static void add(int epoch) {
    RecentEpochs.add(
        new EpochCompleted("run", 2, new EpochReport(epoch, 3000, 0.5, null, 0.1, 100, 1)));
  }

  @Test
  void newEpochsComeOnceAndOldOnesGo() throws IOException {
    long before = RecentEpochs.count();
    add(1);
    add(2);
    JsonNode two = new ObjectMapper().readTree(RecentEpochs.after(before));
    assertThat(two).hasSize(2);
    assertThat(two.path(1).path("run").asText()).isEqualTo("run");
    assertThat(two.path(1).path("workers").asInt()).isEqualTo(2);
    assertThat(two.path(1).path("report").path("epoch").asInt()).isEqualTo(2);
    assertThat(two.path(1).path("report").path("validation").isNull()).isTrue();
    assertThat(RecentEpochs.after(RecentEpochs.count())).isEqualTo("[]");
    for (int i = 3; i < 2000; i++) {
      add(i);
    }
    JsonNode last = new ObjectMapper().readTree(RecentEpochs.after(before));
    assertThat(last).hasSize(1000);
    assertThat(last.path(0).path("report").path("epoch").asInt()).isEqualTo(1000);
  }
}
