package io.sparkfocal.job;

import ai.djl.Device;
import ai.djl.util.cuda.CudaUtils;
import java.util.Map;
import org.apache.spark.SparkConf;
import org.apache.spark.resource.ResourceInformation;

/** Where ranks train: what the user chose, and what a task has. */
public enum DeviceChoice {

  /** The GPU that Spark gave the task, else the CPU. */
  AUTO,
  /** The CPU. */
  CPU,
  /** The GPU that Spark gave the task; training fails without one. */
  GPU;

  private static final String RESOURCE = "gpu";
  private static final String TASK_AMOUNT = "spark.task.resource.gpu.amount";

  /** The choice of that name: auto, cpu or gpu. */
  public static DeviceChoice of(String name) {
    for (DeviceChoice choice : values()) {
      if (choice.name().equalsIgnoreCase(name)) {
        return choice;
      }
    }
    throw new IllegalArgumentException("Unknown device \"" + name + "\"; choose auto, cpu or gpu.");
  }

  /**
   * Requires, on the driver, that tasks of this application are given a GPU where one is asked for.
   *
   * @throws IllegalArgumentException if they are not
   */
  void requireConfigured(SparkConf conf) {
    if (this == GPU && !conf.contains(TASK_AMOUNT)) {
      throw new IllegalArgumentException(
          "device is gpu, but Spark gives its tasks none (%s is not set); set it and spark.executor.resource.gpu.amount as in conf/spark-defaults-gpu.conf, or choose device cpu."
              .formatted(TASK_AMOUNT));
    }
  }

  /**
   * The device of a task.
   *
   * @param resources what Spark gave the task
   * @throws IllegalArgumentException if a GPU is asked for and absent
   */
  Device resolve(Map<String, ResourceInformation> resources) {
    ResourceInformation gpu = resources.get(RESOURCE);
    String assigned = gpu == null || gpu.addresses().length == 0 ? null : gpu.addresses()[0];
    if (this == CPU || (this == AUTO && assigned == null)) {
      return Device.cpu();
    }
    if (assigned == null) {
      throw new IllegalArgumentException(
          "device is gpu, but Spark gave this task none; set " + TASK_AMOUNT + " to 1.");
    }
    int visible = CudaUtils.getGpuCount();
    if (!assigned.matches("\\d{1,9}")) {
      throw new IllegalArgumentException(
          "Spark gave this task the GPU \"%s\", which is no index; let the discovery script list indexes, as conf/gpu-discovery.sh does."
              .formatted(assigned));
    }
    int address = Integer.parseInt(assigned);
    if (address >= visible) {
      throw new IllegalArgumentException(
          "Spark gave this task GPU %d, but its executor sees %d; check the discovery script and the NVIDIA driver, or choose device cpu."
              .formatted(address, visible));
    }
    return Device.gpu(address);
  }
}
