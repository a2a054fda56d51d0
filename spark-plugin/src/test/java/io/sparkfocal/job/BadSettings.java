package io.sparkfocal.job;

import static io.sparkfocal.testing.BadInput.early;
import static io.sparkfocal.testing.BadInput.earlyLike;

import io.sparkfocal.ml.FocalLossClassifier;
import io.sparkfocal.testing.BadInput;
import io.sparkfocal.testing.Samples;
import java.util.List;
import org.apache.spark.SparkConf;
import org.apache.spark.sql.SparkSession;

/** Settings of an application, and devices of its hosts. */
public final class BadSettings {

  private BadSettings() {}

  private static BadInput setting(String key, String value, String remedy) {
    return early(
        key + "=" + value,
        "%s is \"%s\"; %s.".formatted(key, value, remedy),
        place -> JobSettings.of(new SparkConf(false).set(key, value)));
  }

  /** Where a session sets something. */
  private static void fitIn(BadInput.Place place, String key, String value) {
    SparkSession session = place.spark().newSession();
    session.conf().set(key, value);
    new FocalLossClassifier().fit(Samples.rows(session, 60));
  }

  /** All of them. */
  public static List<BadInput> all() {
    String time = "set it to a time above 0, for instance 60s";
    String port = "set it to 0, for any free port, or a port from 1024 to 65535";
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
        setting("spark.focal.gpu.shared", "perhaps", "set it to true or false"),
        setting(
            "spark.focal.checkpoint.lease",
            "4999ms",
            "set it to a time of at least 5s, for instance 60s"),
        setting(
            "spark.focal.checkpoint.retention", "-1s", "set it to a time, for instance 7d, or 0"),
        setting("spark.focal.port", "80", port),
        setting("spark.focal.port", "65536", port),
        setting("spark.focal.port", "any", port),
        early(
            "a misspelt setting",
            "spark.focal.slot.timeout is no setting; write spark.focal.slots.timeout, or take it away.",
            place -> JobSettings.of(new SparkConf(false).set("spark.focal.slot.timeout", "5s"))),
        earlyLike(
            "an unknown setting",
            "spark\\.focal\\.learning-rate is no setting; take it away, or write one of spark\\.focal\\.slots\\.timeout, .*\\.",
            place -> JobSettings.of(new SparkConf(false).set("spark.focal.learning-rate", "1"))),
        early(
            "a misspelt setting of the session",
            "spark.focal.collective.timout is no setting; write spark.focal.collective.timeout, or take it away.",
            place -> fitIn(place, "spark.focal.collective.timout", "5s")),
        early(
            "a wrong setting of the session",
            "spark.focal.collective.timeout is \"soon\"; set it to a time above 0, for instance 60s.",
            place -> fitIn(place, "spark.focal.collective.timeout", "soon")),
        early(
            "a setting of the session that only an application can have",
            "spark.focal.io.mode is \"NIO\" in this session, but a process reads it once; set it for the application, by --conf or in spark-defaults.conf, and start that again.",
            place -> fitIn(place, "spark.focal.io.mode", "NIO")),
        early(
            "libraries that a session names",
            "spark.focal.nccl.library-path is \"/x\" in this session, but a process reads it once; set it for the application, by --conf or in spark-defaults.conf, and start that again.",
            place -> fitIn(place, "spark.focal.nccl.library-path", "/x")),
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
        earlyLike(
            "a GPU that the host has not",
            "Spark gave this task GPU 7, but CUDA_VISIBLE_DEVICES=0,1 of its executor does not name it; let the discovery script print what the variable names, or do not set it for executors\\.",
            place -> RankDevice.gpu("7", "0,1", 2, "h")),
        early(
            "two ranks on one GPU",
            "Ranks 0 and 1 train on the same GPU (GPU-a); set spark.task.resource.gpu.amount to 1 and let every worker's discovery script list only its own GPUs, or set spark.focal.gpu.shared to true.",
            place -> RankDevice.requireDistinct(List.of("GPU-a", "GPU-a"), false)));
  }
}
