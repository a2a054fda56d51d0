package io.sparkfocal.job;

import io.sparkfocal.collective.Collective;
import io.sparkfocal.collective.nccl.NcclCollective;
import io.sparkfocal.collective.nccl.StreamOrdered;
import java.time.Duration;
import java.util.List;
import org.apache.spark.sql.SparkSession;

/** Trainings over a stand-in for NCCL, whose GPUs' memory is the host's. */
public final class StandInJob {

  private StandInJob() {}

  /** A job whose ranks train on CPUs and add up their tensors over NCCL. */
  public static TrainingJob over(SparkSession spark) {
    return new TrainingJob(spark, new HostMemory());
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
