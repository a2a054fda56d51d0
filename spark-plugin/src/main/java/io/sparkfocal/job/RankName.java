package io.sparkfocal.job;

import org.apache.spark.SparkEnv;

/**
 * Which rank it is and where it runs, as errors tell it.
 *
 * @param rank from 0
 * @param world how many there are
 * @param host of its executor
 * @param executor Spark's id
 * @param gpu identity of its GPU; empty on the CPU, or if it is not known yet
 */
record RankName(int rank, int world, String host, String executor, String gpu) {

  /** A rank of this process. */
  static RankName here(int rank, int world) {
    SparkEnv spark = SparkEnv.get();
    String host = spark.blockManager().blockManagerId().host();
    return new RankName(rank, world, host, spark.executorId(), "");
  }

  RankName on(RankDevice device) {
    return new RankName(rank, world, host, executor, device.gpu());
  }

  @Override
  public String toString() {
    return "Rank %s of %s, host %s, executor %s%s"
        .formatted(rank, world, host, executor, gpu.isEmpty() ? "" : ", " + gpu);
  }
}
