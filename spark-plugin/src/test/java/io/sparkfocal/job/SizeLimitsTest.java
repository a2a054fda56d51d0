package io.sparkfocal.job;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;

class SizeLimitsTest {

  @Test
  void theDriverKeepsTheParametersOnce() {
    long heap = 8L << 30;
    assertThatCode(() -> SizeLimits.requireHeap(heap / 4, heap)).doesNotThrowAnyException();
    assertThatIllegalArgumentException()
        .isThrownBy(() -> SizeLimits.requireHeap(heap / 4 + 1, heap))
        .withMessage(
            "The network has 2147483649 parameters of 4 bytes each, but the heap of the driver, which keeps the model, has 8589934592 bytes; raise spark.driver.memory or use a smaller network.");
    assertThatIllegalArgumentException().isThrownBy(() -> SizeLimits.requireHeap(Long.MAX_VALUE));
  }
}
