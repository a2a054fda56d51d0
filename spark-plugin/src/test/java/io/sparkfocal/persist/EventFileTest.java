package io.sparkfocal.persist;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class EventFileTest {

  @Test
  void bytesAreThoseOfTensorBoardsOwnWriter() {
    Map<String, Double> numbers = new LinkedHashMap<>();
    numbers.put("loss/training", 0.1);
    numbers.put("é", -2.0);
    byte[] file = new EventFile(1.5).restart(2.5, 300).scalars(2.5, 300, numbers).toBytes();
    // What tensorboard.summary.writer.record_writer of version 2.21 makes of the same events.
    assertThat(HexFormat.of().formatHex(file))
        .isEqualTo(
            "1800000000000000a37f4b22"
                + "09000000000000f83f1a0d627261696e2e4576656e743a32"
                + "2a28646c"
                + "100000000000000095fbfe18"
                + "09000000000000044010ac023a020801"
                + "7d05b37d"
                + "2f000000000000006d5d1d50"
                + "09000000000000044010ac022a210a140a0d6c6f73732f747261696e696e6715cdcccc3d0a090a02c3a915000000c0"
                + "c32d75b8");
  }
}
