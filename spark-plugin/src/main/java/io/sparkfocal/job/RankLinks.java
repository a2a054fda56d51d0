package io.sparkfocal.job;

import io.sparkfocal.collective.Collective;
import io.sparkfocal.collective.nccl.NcclCollective;
import java.io.Serializable;
import java.time.Duration;
import java.util.List;
import org.apache.spark.SparkEnv;
import org.apache.spark.rpc.RpcEnv;
import org.jspecify.annotations.Nullable;

/**
 * What a {@link Rendezvous} takes for granted of the network and the GPUs between ranks: under
 * which address a rank is reached, and by what tensors of GPUs travel.
 *
 * <p>Travels with the tasks of a {@link TrainingJob}, which is made with one; no setting chooses
 * it.
 */
interface RankLinks extends Serializable {

  /** As the executors have it: addresses are reached as they are, GPUs over NCCL. */
  record Direct() implements RankLinks {}

  /** Spark's messages between driver and executors, on the driver, where ranks tell their cards. */
  default RpcEnv driverRpcEnv() {
    return SparkEnv.get().rpcEnv();
  }

  /** Where the other ranks are to connect, as host:port, given where this rank listens. */
  default String reachableAt(String address) {
    return address;
  }

  /** Why these ranks cannot meet over NCCL, as a clause; null if they can. */
  default @Nullable String obstacleToNccl(List<RankCard> cards) {
    return RankCard.obstacleToNccl(cards);
  }

  /**
   * Joins the ranks' GPUs; the caller closes it, before the ring.
   *
   * @param ring connects the same ranks over Spark's transport
   * @param gpu number of this rank's GPU as its process sees it
   * @param timeout how long an operation waits for another rank
   */
  default Collective joinGpus(Collective ring, RankName name, int gpu, Duration timeout) {
    return NcclCollective.join(ring, name.toString(), gpu, timeout);
  }
}
