package io.sparkfocal.job;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;

class SizeLimitsTest {

  @Test
  void theDriverKeepsTheParametersOnce() {
    long heap = 8_000_000_000L;
    assertThatCode(() -> SizeLimits.requireHeap(1_400_000_000L, heap)).doesNotThrowAnyException();
    assertThatIllegalArgumentException()
        .isThrownBy(() -> SizeLimits.requireHeap(1_400_000_001L, heap))
        .withMessage(
            "The network has 1400000001 parameters of 4 bytes each, but the heap of the driver, of which seven tenths are for the model, has 8000000000 bytes; raise spark.driver.memory or use a smaller network.");
    assertThatIllegalArgumentException().isThrownBy(() -> SizeLimits.requireHeap(Long.MAX_VALUE));
  }
}
