package io.sparkfocal.data;

import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;

class LabelCountsTest {

  @Test
  void labelsBeyondTheDeclaredClassesAreRefused() {
    LabelCounts counts = new LabelCounts(new long[] {3, 3, 1}, 0, 1, 0);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> counts.requireTrainable("y", 2))
        .withMessage(
            "Column \"y\" has the label 2, but its metadata names 2 classes; index it again.");
  }
}
