package io.sparkfocal.job;

import io.sparkfocal.collective.Collective;
import io.sparkfocal.collective.HierarchicalCollective;
import io.sparkfocal.collective.local.LocalGroup;
import io.sparkfocal.collective.local.SoloCollective;
import io.sparkfocal.collective.rpc.PortRange;
import io.sparkfocal.collective.rpc.RpcEndpoint;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import java.util.UUID;
import java.util.function.Function;
import org.apache.spark.BarrierTaskContext;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkEnv;

/**
 * How a rank meets the others: cards go round once, through the driver; then the ranks join in a
 * ring, and over it, where all have GPUs, in NCCL.
 */
final class Rendezvous implements AutoCloseable {

  private static final String DRIVER = "driver";

  /** Tells this JVM from all others. */
  static final String PROCESS = UUID.randomUUID().toString();

  private final TrainingPlan plan;
  private final RankLinks links;
  private final long attemptKey;
  private final Deque<AutoCloseable> open = new ArrayDeque<>();
  private final List<RankCard> cards;
  private final Collective collective;

  /**
   * Meets the others; returns when all are there.
   *
   * @param exchange how cards go round
   * @param own makes this rank's card, given its address
   */
  Rendezvous(
      BarrierTaskContext context,
      TrainingPlan plan,
      RankLinks links,
      CardExchange exchange,
      RankName name,
      RankDevice device,
      Function<String, RankCard> own) {
    this.plan = plan;
    this.links = links;
    // Spark may repeat a stage by itself, for instance because shuffled input was lost.
    this.attemptKey = plan.attemptKey() + context.stageAttemptNumber();
    if (plan.workers() == 1) {
      cards = List.of(own.apply(""));
      collective = opened(new SoloCollective());
      return;
    }
    try {
      RpcEndpoint endpoint = opened(openEndpoint());
      String address = links.reachableAt(endpoint.address());
      cards = RankCard.decodeAll(exchange.gather(context, own.apply(address).encode()));
      RankDevice.requireDistinct(
          cards.stream().map(RankCard::gpu).toList(), plan.job().sharedGpu());
      collective = join(endpoint, name, device);
    } catch (RuntimeException | LinkageError e) {
      close();
      throw e;
    }
  }

  private <T extends AutoCloseable> T opened(T resource) {
    open.push(resource);
    return resource;
  }

  private RpcEndpoint openEndpoint() {
    SparkEnv spark = SparkEnv.get();
    String host = spark.blockManager().blockManagerId().host();
    SparkConf conf = spark.conf();
    String bindAddress =
        spark.executorId().equals(DRIVER) ? conf.get("spark.driver.bindAddress", host) : host;
    PortRange ports = new PortRange(plan.job().port(), plan.job().portRetries());
    return RpcEndpoint.open(conf, spark.securityManager(), bindAddress, host, ports, attemptKey);
  }

  private Collective join(RpcEndpoint endpoint, RankName name, RankDevice device) {
    boolean overNccl = usesNccl();
    Duration timeout = plan.job().collectiveTimeout();
    if (!overNccl) {
      return onHost(endpoint, name.rank(), timeout);
    }
    List<String> addresses = cards.stream().map(RankCard::address).toList();
    Collective ring = opened(endpoint.connect(name.rank(), addresses, timeout));
    return opened(links.joinGpus(ring, name, device.device().getDeviceId(), timeout));
  }

  /** In memory where all ranks share a JVM; else a ring of all, or of one rank of each JVM. */
  private Collective onHost(RpcEndpoint endpoint, int rank, Duration timeout) {
    List<String> processes = cards.stream().map(RankCard::process).toList();
    List<String> distinct = processes.stream().distinct().toList();
    if (distinct.size() == 1) {
      return opened(LocalGroup.join(attemptKey, rank, plan.workers(), timeout));
    }
    boolean hierarchical = plan.job().hierarchical();
    if (!hierarchical || distinct.size() == processes.size()) {
      List<String> addresses = cards.stream().map(RankCard::address).toList();
      return opened(endpoint.connect(rank, addresses, timeout));
    }
    int[] leaderOf = processes.stream().mapToInt(distinct::indexOf).toArray();
    int[] placeOf = new int[leaderOf.length];
    for (int i = 0; i < placeOf.length; i++) {
      placeOf[i] = Collections.frequency(processes.subList(0, i), processes.get(i));
    }
    int here = Collections.frequency(processes, processes.get(rank));
    // The ring is to find out first who is missing.
    Duration longer = timeout.multipliedBy(2);
    Collective local = opened(LocalGroup.join(attemptKey, placeOf[rank], here, longer));
    Collective leaders = null;
    if (placeOf[rank] == 0) {
      List<String> addresses =
          distinct.stream().map(p -> cards.get(processes.indexOf(p)).address()).toList();
      leaders = opened(endpoint.connect(leaderOf[rank], addresses, timeout));
    }
    return new HierarchicalCollective(rank, local, leaders, leaderOf, placeOf);
  }

  private boolean usesNccl() {
    String obstacle = links.obstacleToNccl(cards);
    if (plan.transport() == Transport.NCCL && obstacle != null) {
      throw new IllegalArgumentException(
          "spark.focal.collective is nccl, but " + obstacle + "; set it to auto or rpc.");
    }
    return plan.transport() == Transport.NCCL
        || (plan.transport() == Transport.AUTO && obstacle == null);
  }

  /** What each rank told, by rank. */
  List<RankCard> cards() {
    return cards;
  }

  /** The ranks together. */
  Collective collective() {
    return collective;
  }

  /** Closes what was opened, last first; nothing of it throws. */
  @Override
  public void close() {
    while (!open.isEmpty()) {
      try {
        open.pop().close();
      } catch (Exception e) {
        throw new IllegalStateException("A collective does not close.", e);
      }
    }
  }
}
