package io.sparkfocal.collective.nccl;

import io.sparkfocal.collective.CollectiveException;
import java.util.HexFormat;
import org.bytedeco.cuda.cudart.cudaDeviceProp;
import org.bytedeco.cuda.global.cudart;
import org.bytedeco.javacpp.BytePointer;

/**
 * What CUDA says of a GPU.
 *
 * @param name model name
 * @param uuid as nvidia-smi prints it: GPU-, then 32 hexadecimal digits in groups
 * @param memoryBytes of the whole device
 */
public record GpuInfo(String name, String uuid, long memoryBytes) {

  /**
   * Of a GPU that this process sees.
   *
   * @param number from 0
   * @throws IllegalStateException if CUDA does not load here
   * @throws CollectiveException if there is no such GPU
   */
  public static GpuInfo of(int number) {
    NcclLibraries.require();
    try (cudaDeviceProp properties = new cudaDeviceProp()) {
      int result = cudart.cudaGetDeviceProperties(properties, number);
      if (result != cudart.cudaSuccess) {
        cudart.cudaGetLastError();
        throw new CollectiveException(
            "There is no GPU %s in this process: %s (%s); check CUDA_VISIBLE_DEVICES and the discovery script."
                .formatted(number, cudart.cudaGetErrorString(result).getString(), result));
      }
      byte[] uuid = new byte[16];
      new BytePointer(properties.uuid()).capacity(uuid.length).get(uuid);
      return new GpuInfo(properties.name().getString(), format(uuid), properties.totalGlobalMem());
    }
  }

  private static String format(byte[] uuid) {
    String hex = HexFormat.of().formatHex(uuid);
    return "GPU-%s-%s-%s-%s-%s"
        .formatted(
            hex.substring(0, 8),
            hex.substring(8, 12),
            hex.substring(12, 16),
            hex.substring(16, 20),
            hex.substring(20));
  }
}
