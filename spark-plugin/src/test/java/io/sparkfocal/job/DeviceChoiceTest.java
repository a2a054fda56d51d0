package io.sparkfocal.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import ai.djl.Device;
import java.util.Map;
import org.apache.spark.resource.ResourceInformation;
import org.junit.jupiter.api.Test;

class DeviceChoiceTest {

  private static final Map<String, ResourceInformation> NONE = Map.of();

  private static Map<String, ResourceInformation> gpu(String address) {
    return Map.of("gpu", new ResourceInformation("gpu", new String[] {address}));
  }

  @Test
  void withoutAGpuAutoIsTheCpuAndGpuAnError() {
    assertThat(DeviceChoice.AUTO.resolve(NONE)).isEqualTo(Device.cpu());
    assertThat(DeviceChoice.CPU.resolve(gpu("0"))).isEqualTo(Device.cpu());
    assertThatIllegalArgumentException()
        .isThrownBy(() -> DeviceChoice.GPU.resolve(NONE))
        .withMessage(
            "device is gpu, but Spark gave this task none; set spark.task.resource.gpu.amount to 1.");
  }

  @Test
  void aGpuThatSparkGaveButTheHostLacksIsNeverReplacedByTheCpu() {
    for (DeviceChoice choice : new DeviceChoice[] {DeviceChoice.AUTO, DeviceChoice.GPU}) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> choice.resolve(gpu("99")))
          .withMessageStartingWith("Spark gave this task GPU 99, but its executor sees ");
    }
  }
}
