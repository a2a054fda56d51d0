package io.sparkfocal.collective.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkfocal.collective.CollectiveException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.junit.jupiter.api.Test;

class SoloCollectiveTest {

  @Test
  void leavesValuesAsTheyAre() {
    try (SoloCollective solo = new SoloCollective()) {
      ByteBuffer buffer = ByteBuffer.allocateDirect(4).order(ByteOrder.nativeOrder());
      buffer.putFloat(0, 7);
      solo.allReduce(buffer);
      solo.broadcast(buffer, 0);
      solo.barrier();
      assertThat(buffer.getFloat(0)).isEqualTo(7f);
      assertThat(solo.rank()).isZero();
      assertThat(solo.world()).isEqualTo(1);
    }
  }

  @Test
  void failsWithTheFirstReasonAfterAbort() {
    SoloCollective solo = new SoloCollective();
    solo.abort("first");
    solo.abort("second");
    assertThatThrownBy(solo::barrier).isInstanceOf(CollectiveException.class).hasMessage("first");
  }
}
