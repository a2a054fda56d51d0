package io.sparkfocal.job;

import org.apache.spark.SparkConf;

/** What carries gradients between ranks: {@code spark.focal.collective}. */
public enum Transport {

  /** NCCL if every rank has a GPU, else Spark's own transport. */
  AUTO,
  /** Spark's own transport; tensors of GPUs go through host memory. */
  RPC,
  /** NCCL; every rank must have a GPU. */
  NCCL;

  static final String KEY = "spark.focal.collective";
  static final String ALLOW_PLAINTEXT = "spark.focal.nccl.allow-plaintext";

  /**
   * The choice of an application.
   *
   * @throws IllegalArgumentException if it is none, or NCCL and the application demands encryption,
   *     which NCCL does not have
   */
  static Transport of(SparkConf conf, DeviceChoice device) {
    Transport transport = named(conf.get(KEY, "auto"));
    boolean possible = transport == NCCL || (transport == AUTO && device.mayUseGpu(conf));
    if (possible && encrypts(conf) && !JobSettings.isTrue(conf, ALLOW_PLAINTEXT)) {
      throw new IllegalArgumentException(
          "This application encrypts its traffic, but NCCL sends gradients in plain text; set %s to rpc, or %s to true if the network between the GPUs is trusted."
              .formatted(KEY, ALLOW_PLAINTEXT));
    }
    return transport;
  }

  private static Transport named(String name) {
    for (Transport transport : values()) {
      if (transport.name().equalsIgnoreCase(name)) {
        return transport;
      }
    }
    throw new IllegalArgumentException(
        "%s is \"%s\"; choose auto, rpc or nccl.".formatted(KEY, name));
  }

  private static boolean encrypts(SparkConf conf) {
    return conf.getBoolean("spark.network.crypto.enabled", false)
        || conf.getBoolean("spark.authenticate.enableSaslEncryption", false)
        || conf.getBoolean("spark.ssl.rpc.enabled", false);
  }
}
