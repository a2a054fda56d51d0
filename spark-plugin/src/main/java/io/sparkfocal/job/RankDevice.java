package io.sparkfocal.job;

import ai.djl.Device;
import io.sparkfocal.collective.nccl.GpuInfo;
import io.sparkfocal.collective.nccl.NcclLibraries;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Where a rank trains, and what tells its GPU from all others.
 *
 * @param device as DJL names it in this process
 * @param gpu UUID of the GPU, or host and number where CUDA does not tell it; empty on the CPU
 * @param reason why this one, for the log
 */
record RankDevice(Device device, String gpu, String reason) {

  static RankDevice cpu(String reason) {
    return new RankDevice(Device.cpu(), "", reason);
  }

  /**
   * The GPU at the address that Spark gave a task.
   *
   * @param address index or UUID
   * @param visibleDevices value of CUDA_VISIBLE_DEVICES; null if it is not set
   * @param count how many GPUs this process sees
   * @throws IllegalArgumentException if it sees no such GPU
   */
  static RankDevice gpu(String address, @Nullable String visibleDevices, int count, String host) {
    int number = number(address, visibleDevices);
    if (number < 0 && visibleDevices != null && !visibleDevices.isBlank()) {
      throw new IllegalArgumentException(
          "Spark gave this task GPU %s, but CUDA_VISIBLE_DEVICES=%s of its executor does not name it; let the discovery script print what the variable names, or do not set it for executors."
              .formatted(address, visibleDevices));
    }
    if (number < 0 || number >= count) {
      throw new IllegalArgumentException(
          "Spark gave this task GPU %s, but its executor sees %s%s; check the discovery script, the NVIDIA driver and CUDA_VISIBLE_DEVICES, or choose device cpu."
              .formatted(
                  address,
                  count,
                  visibleDevices == null ? "" : " (CUDA_VISIBLE_DEVICES=" + visibleDevices + ")"));
    }
    return new RankDevice(
        Device.gpu(number), identity(number, host), "Spark gave the task GPU " + address);
  }

  /**
   * CUDA counts the visible devices from 0, in the order of the variable; -1 if it is not there.
   *
   * <p>An index that the variable does not name is none of the visible ones, though CUDA would find
   * another GPU under it.
   */
  static int number(String address, @Nullable String visibleDevices) {
    if (visibleDevices != null && !visibleDevices.isBlank()) {
      return Arrays.stream(visibleDevices.split(",")).map(String::strip).toList().indexOf(address);
    }
    return address.matches("\\d{1,9}") ? Integer.parseInt(address) : -1;
  }

  private static String identity(int number, String host) {
    try {
      NcclLibraries.require();
    } catch (IllegalStateException e) {
      return host + "/" + number;
    }
    return GpuInfo.of(number).uuid();
  }

  /**
   * Requires that no two ranks train on one GPU, unless that is allowed.
   *
   * @param gpus by rank, as in {@link #gpu()}
   * @param shared whether it is
   * @throws IllegalArgumentException if two do
   */
  static void requireDistinct(List<String> gpus, boolean shared) {
    if (shared) {
      return;
    }
    Map<String, Integer> owners = new HashMap<>();
    for (int rank = 0; rank < gpus.size(); rank++) {
      Integer other = gpus.get(rank).isEmpty() ? null : owners.put(gpus.get(rank), rank);
      if (other != null) {
        throw new IllegalArgumentException(
            "Ranks %s and %s train on the same GPU (%s); set spark.task.resource.gpu.amount to 1 and let every worker's discovery script list only its own GPUs, or set %s to true."
                .formatted(other, rank, gpus.get(rank), JobSettings.SHARED_GPU));
      }
    }
  }
}
