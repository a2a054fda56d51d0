package io.sparkfocal.examples.quickstart;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class ScoreTableTest {

  private static Scores scores(double a, double b) {
    return new Scores(new double[] {a, b}, new double[] {0.5, b}, 0.1, 0.01);
  }

  @Test
  void meanAndSampleDeviationOverRunsStandSideBySide() {
    ScoreTable table = new ScoreTable(List.of("A", "B"));
    table.add(Candidate.CROSS_ENTROPY, scores(1, 0.5));
    table.add(Candidate.CROSS_ENTROPY, scores(0.8, 0.5));
    table.add(Candidate.FOCAL, scores(0.9, 0.7));
    table.add(Candidate.FOCAL, scores(0.9, Double.NaN));
    String text = table.render();
    assertThat(text).contains("over 2 seeds");
    assertThat(line(text, "recall  A")).contains("0.9000 ± 0.1414").contains("0.9000 ± 0.0000");
    assertThat(line(text, "recall  B")).contains("0.5000 ± 0.0000").endsWith("0.7000");
    assertThat(line(text, "recall  macro")).contains("0.7000 ± 0.0707");
    assertThat(line(text, "PR-AUC  A")).contains("0.5000 ± 0.0000");
    assertThat(table.meanMacroRecall(Candidate.CROSS_ENTROPY)).isEqualTo(0.7);
  }

  private static String line(String text, String start) {
    return text.lines().filter(l -> l.startsWith(start)).findFirst().orElseThrow().strip();
  }
}
