package io.sparkfocal.job;

import io.sparkfocal.cuda.Gpu;
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

  /** Whether a task of this application may train on a GPU. */
  boolean mayUseGpu(SparkConf conf) {
    return this != CPU && conf.contains(TASK_AMOUNT);
  }

  /**
   * The device of a task.
   *
   * @param resources what Spark gave the task
   * @param host of the task
   * @throws IllegalArgumentException if a GPU is asked for and absent
   */
  RankDevice resolve(Map<String, ResourceInformation> resources, String host) {
    ResourceInformation gpu = resources.get(RESOURCE);
    String assigned = gpu == null || gpu.addresses().length == 0 ? null : gpu.addresses()[0];
    if (this == CPU) {
      return RankDevice.cpu("device is cpu");
    }
    if (assigned != null) {
      return RankDevice.gpu(assigned, System.getenv("CUDA_VISIBLE_DEVICES"), Gpu.count(), host);
    }
    if (this == AUTO) {
      return RankDevice.cpu("device is auto, and Spark gave the task no GPU");
    }
    throw new IllegalArgumentException(
        "device is gpu, but Spark gave this task none; set " + TASK_AMOUNT + " to 1.");
  }
}
