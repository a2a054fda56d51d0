package io.sparkfocal.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import ai.djl.Device;
import java.util.List;
import java.util.Map;
import org.apache.spark.SparkConf;
import org.apache.spark.resource.ResourceInformation;
import org.junit.jupiter.api.Test;

class DeviceChoiceTest {

  private static final Map<String, ResourceInformation> NONE = Map.of();

  private static Map<String, ResourceInformation> gpu(String address) {
    return Map.of("gpu", new ResourceInformation("gpu", new String[] {address}));
  }

  @Test
  void withoutAGpuAutoIsTheCpuAndGpuAnError() {
    assertThat(DeviceChoice.AUTO.resolve(NONE, "h").device()).isEqualTo(Device.cpu());
    assertThat(DeviceChoice.CPU.resolve(gpu("0"), "h").device()).isEqualTo(Device.cpu());
    assertThatIllegalArgumentException()
        .isThrownBy(() -> DeviceChoice.GPU.resolve(NONE, "h"))
        .withMessage(
            "device is gpu, but Spark gave this task none; set spark.task.resource.gpu.amount to 1.");
  }

  @Test
  void aGpuThatSparkGaveButTheHostLacksIsNeverReplacedByTheCpu() {
    for (DeviceChoice choice : new DeviceChoice[] {DeviceChoice.AUTO, DeviceChoice.GPU}) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> choice.resolve(gpu("99"), "h"))
          .withMessageStartingWith("Spark gave this task GPU 99, but its executor sees ");
    }
  }

  @Test
  void cudaCountsTheVisibleDevicesFromZero() {
    assertThat(RankDevice.number("3", null)).isEqualTo(3);
    assertThat(RankDevice.number("3", "2, 3")).isEqualTo(1);
    assertThat(RankDevice.number("0", " ")).isZero();
    assertThat(RankDevice.number("GPU-ab", "GPU-cd,GPU-ab")).isEqualTo(1);
    assertThat(RankDevice.number("GPU-ab", null)).isEqualTo(-1);
  }

  /** CUDA would take the index for a place among the visible ones: GPU 4 here for 0. */
  @Test
  void aGpuThatIsNotVisibleIsRefused() {
    for (String address : new String[] {"0", "GPU-ab", "MIG-ab"}) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> RankDevice.gpu(address, "4,5,6,7", 4, "h"))
          .withMessage(
              "Spark gave this task GPU "
                  + address
                  + ", but CUDA_VISIBLE_DEVICES=4,5,6,7 of its executor does not name it; let the discovery script print what the variable names, or do not set it for executors.");
    }
    assertThat(RankDevice.number("0", "GPU-ab,GPU-cd")).isEqualTo(-1);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> RankDevice.gpu("7", "7", 0, "h"))
        .withMessageStartingWith(
            "Spark gave this task GPU 7, but its executor sees 0 (CUDA_VISIBLE_DEVICES=7); check");
  }

  @Test
  void twoRanksOnOneGpuAreRefused() {
    RankDevice.requireDistinct(List.of("", "", ""), false);
    RankDevice.requireDistinct(List.of("GPU-a", "GPU-b"), false);
    RankDevice.requireDistinct(List.of("GPU-a", "GPU-a"), true);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> RankDevice.requireDistinct(List.of("GPU-a", "GPU-b", "GPU-a"), false))
        .withMessage(
            "Ranks 0 and 2 train on the same GPU (GPU-a); set spark.task.resource.gpu.amount to 1 and let every worker's discovery script list only its own GPUs, or set spark.focal.gpu.shared to true.");
  }

  @Test
  void plaintextNcclIsRefusedWhereTheApplicationEncrypts() {
    SparkConf conf =
        new SparkConf(false)
            .set("spark.task.resource.gpu.amount", "1")
            .set("spark.network.crypto.enabled", "true");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Transport.of(conf, DeviceChoice.AUTO))
        .withMessage(
            "This application encrypts its traffic, but NCCL sends gradients in plain text; set spark.focal.collective to rpc, or spark.focal.nccl.allow-plaintext to true if the network between the GPUs is trusted.");
    assertThat(Transport.of(conf, DeviceChoice.CPU)).isEqualTo(Transport.AUTO);
    assertThat(Transport.of(conf.clone().set("spark.focal.collective", "rpc"), DeviceChoice.GPU))
        .isEqualTo(Transport.RPC);
    assertThat(
            Transport.of(
                conf.clone().set("spark.focal.nccl.allow-plaintext", "true"), DeviceChoice.GPU))
        .isEqualTo(Transport.AUTO);
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                Transport.of(
                    new SparkConf(false).set("spark.focal.collective", "mpi"), DeviceChoice.CPU))
        .withMessage("spark.focal.collective is \"mpi\"; choose auto, rpc or nccl.");
  }

  @Test
  void ranksMeetOverNcclWhereEachHasAGpuThatItsProcessGivesToNoOther() {
    assertThat(RankCard.obstacleToNccl(List.of(card("p", "GPU-a"), card("p", "GPU-b")))).isNull();
    assertThat(RankCard.obstacleToNccl(List.of(card("p", "GPU-a"), card("q", "GPU-a")))).isNull();
    assertThat(RankCard.obstacleToNccl(List.of(card("p", "GPU-a"), card("p", "GPU-a"))))
        .isEqualTo("ranks of one process share a GPU");
    assertThat(RankCard.obstacleToNccl(List.of(card("p", "GPU-a"), card("q", ""))))
        .isEqualTo("not every rank has a GPU");
  }

  private static RankCard card(String process, String gpu) {
    return new RankCard("host:1", process, gpu, 1, 0);
  }
}
