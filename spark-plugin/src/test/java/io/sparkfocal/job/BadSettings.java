package io.sparkfocal.job;

import static io.sparkfocal.testing.BadInput.early;
import static io.sparkfocal.testing.BadInput.earlyLike;

import io.sparkfocal.testing.BadInput;
import java.util.List;
import org.apache.spark.SparkConf;

/** Settings of an application, and devices of its hosts. */
public final class BadSettings {

  private BadSettings() {}

  private static BadInput setting(String key, String value, String remedy) {
    return early(
        key + "=" + value,
        "%s is \"%s\"; %s.".formatted(key, value, remedy),
        place -> JobSettings.of(new SparkConf(false).set(key, value)));
  }

  /** All of them. */
  public static List<BadInput> all() {
    String time = "set it to a time above 0, for instance 60s";
    String size = "set it to a size above 0, for instance 512m";
    SparkConf encrypted =
        new SparkConf(false)
            .set("spark.task.resource.gpu.amount", "1")
            .set("spark.network.crypto.enabled", "true");
    return List.of(
        setting("spark.focal.slots.timeout", "soon", time),
        setting("spark.focal.slots.timeout", "0s", time),
        setting("spark.focal.slots.busy-timeout", "0", time),
        setting("spark.focal.slots.busy-timeout", "never", time),
        setting("spark.focal.collective.timeout", "-1s", time),
        setting("spark.focal.collective.timeout", "2 fortnights", time),
        setting("spark.focal.collective.precision", "float16", "choose float32 or bfloat16"),
        setting("spark.focal.collective.hierarchical", "maybe", "set it to true or false"),
        setting("spark.focal.gpu.fused-kernels", "some", "set it to true or false"),
        early(
            "spark.focal.gpu.shared=perhaps",
            "spark.focal.gpu.shared is \"perhaps\"; set it to true or false.",
            place ->
                RankDevice.requireDistinct(
                    List.of("GPU-a"),
                    new SparkConf(false).set("spark.focal.gpu.shared", "perhaps"))),
        setting("spark.focal.data.max-skew", "0.5", "set it to a number of at least 1"),
        setting("spark.focal.data.max-skew", "NaN", "set it to a number of at least 1"),
        setting("spark.focal.data.max-skew", "much", "set it to a number of at least 1"),
        setting("spark.focal.data.shard-memory", "big", size),
        setting("spark.focal.data.shard-memory", "0", size),
        early(
            "spark.focal.collective=mpi",
            "spark.focal.collective is \"mpi\"; choose auto, rpc or nccl.",
            place ->
                Transport.of(
                    new SparkConf(false).set("spark.focal.collective", "mpi"), DeviceChoice.CPU)),
        early(
            "plain NCCL where traffic is encrypted",
            "This application encrypts its traffic, but NCCL sends gradients in plain text; set spark.focal.collective to rpc, or spark.focal.nccl.allow-plaintext to true if the network between the GPUs is trusted.",
            place -> Transport.of(encrypted, DeviceChoice.AUTO)),
        early(
            "spark.focal.nccl.allow-plaintext=perhaps",
            "spark.focal.nccl.allow-plaintext is \"perhaps\"; set it to true or false.",
            place ->
                Transport.of(
                    encrypted.clone().set("spark.focal.nccl.allow-plaintext", "perhaps"),
                    DeviceChoice.AUTO)),
        early(
            "plain rows on disk where files are encrypted",
            "spark.io.encryption.enabled is true, but rows that do not fit into memory would lie on disk in plain; raise spark.focal.data.shard-memory, use more workers, or set spark.focal.data.allow-plaintext to true if the disk is encrypted.",
            place ->
                LocalDisk.requirePlainAllowed(
                    new SparkConf(false).set("spark.io.encryption.enabled", "true"))),
        earlyLike(
            "a GPU that the host has not",
            "Spark gave this task GPU 7, but its executor sees 2 \\(CUDA_VISIBLE_DEVICES=0,1\\); check the discovery script, .*, or choose device cpu\\.",
            place -> RankDevice.gpu("7", "0,1", 2, "h")),
        early(
            "two ranks on one GPU",
            "Ranks 0 and 1 train on the same GPU (GPU-a); set spark.task.resource.gpu.amount to 1 and let every worker's discovery script list only its own GPUs, or set spark.focal.gpu.shared to true.",
            place -> RankDevice.requireDistinct(List.of("GPU-a", "GPU-a"), new SparkConf(false))));
  }
}
