package io.sparkfocal.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;

class LabelCountsTest {

  @Test
  void skewIsTheLargestPartitionOverTheMean() {
    assertThat(new LabelCounts(new long[] {1}, 0, new long[] {10, 0, 20}, 1, 0).skew())
        .isEqualTo(2);
    assertThat(new LabelCounts(new long[] {1}, 0, new long[] {0, 0}, 1, 0).skew()).isEqualTo(1);
  }

  @Test
  void labelsBeyondTheDeclaredClassesAreRefused() {
    LabelCounts counts = new LabelCounts(new long[] {3, 3, 1}, 0, new long[] {7}, 1, 0);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> counts.requireTrainable("y", 2))
        .withMessage(
            "Column \"y\" has the label 2, but its metadata names 2 classes; index it again.");
  }
}
