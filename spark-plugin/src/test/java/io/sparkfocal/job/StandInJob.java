package io.sparkfocal.job;

import io.sparkfocal.collective.Collective;
import io.sparkfocal.collective.nccl.NcclCollective;
import io.sparkfocal.collective.nccl.StreamOrdered;
import java.time.Duration;
import java.util.List;
import org.apache.spark.SparkEnv;
import org.apache.spark.rpc.RpcEnv;
import org.apache.spark.sql.SparkSession;

/**
 * Trainings over a stand-in for NCCL, whose GPUs' memory is the host's, or for Spark's RpcEnv, or
 * with other sizes than usual.
 */
public final class StandInJob {

  private StandInJob() {}

  /** A job whose ranks train on CPUs and add up their tensors over NCCL. */
  public static TrainingJob over(SparkSession spark) {
    return new TrainingJob(spark, new HostMemory());
  }

  /** A job whose driver has an RpcEnv that takes no endpoint. */
  public static TrainingJob withoutEndpoint(SparkSession spark) {
    return new TrainingJob(spark, new NoEndpoint());
  }

  private record NoEndpoint() implements RankLinks {

    @Override
    public RpcEnv driverRpcEnv() {
      return new ClosedRpcEnv(SparkEnv.get().rpcEnv());
    }
  }

  /** A job like any, whose result comes in blocks of that many bytes. */
  public static TrainingJob inBlocks(SparkSession spark, int length) {
    return new TrainingJob(spark, new RankLinks.Direct(), length);
  }

  /** Each rank has the stand-in's GPU of its number. */
  private record HostMemory() implements RankLinks {

    @Override
    public String obstacleToNccl(List<RankCard> cards) {
      return null;
    }

    @Override
    public Collective joinGpus(Collective ring, RankName name, int gpu, Duration timeout) {
      return StreamOrdered.over(
          NcclCollective.join(ring, name.toString(), name.rank(), timeout), name.rank());
    }
  }
}
