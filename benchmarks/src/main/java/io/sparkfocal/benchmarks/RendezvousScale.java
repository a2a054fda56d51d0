package io.sparkfocal.benchmarks;

import io.sparkfocal.collective.Collective;
import io.sparkfocal.collective.HierarchicalCollective;
import io.sparkfocal.collective.local.LocalGroup;
import io.sparkfocal.collective.rpc.RpcEndpoint;
import io.sparkfocal.job.RankCard;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;

/**
 * As many ranks as asked for meet in one process: endpoints, cards, a ring, one all-reduce; and
 * what the driver sends when it hands all cards to all ranks.
 */
public final class RendezvousScale {

  private static final double GOAL_SECONDS = 10;
  private static final int RANKS_PER_JVM = 16;
  private static final Duration TIMEOUT = Duration.ofSeconds(120);

  private RendezvousScale() {}

  /** Takes numbers of ranks; 1,024 by default. */
  public static void main(String[] arguments) throws InterruptedException {
    List<String> worlds = arguments.length == 0 ? List.of("1024") : List.of(arguments);
    System.out.println(
        "| ranks | open, s | read cards, s | join, s | all-reduce of 300 kB, s | with 16 ranks per JVM, s | all but the all-reduce, s | heap, MB | all cards to all ranks, MB |\n|-|-|-|-|-|-|-|-|-|");
    double last = 0;
    for (String world : worlds) {
      last = meet(Integer.parseInt(world));
    }
    System.out.printf(
        Locale.ROOT,
        "bench rendezvous ratio=%.2f spread=%.2f..%.2f%n",
        GOAL_SECONDS / last,
        GOAL_SECONDS / last,
        GOAL_SECONDS / last);
  }

  private static double meet(int world) throws InterruptedException {
    long start = System.nanoTime();
    List<RpcEndpoint> endpoints =
        together(
            IntStream.range(0, world)
                .<Task<RpcEndpoint>>mapToObj(rank -> AllReduceRank::endpoint)
                .toList());
    final double opened = since(start);
    String[] cards =
        endpoints.stream()
            .map(
                e ->
                    new RankCard(e.address(), "0f8fad5b-d9cb-469f-a165-70867728950e", "", 1, 0)
                        .encode())
            .toArray(String[]::new);
    List<String> addresses = List.of();
    for (int rank = 0; rank < world; rank++) {
      addresses = RankCard.decodeAll(cards).stream().map(RankCard::address).toList();
    }
    final double read = since(start);
    List<String> all = addresses;
    List<Collective> ring =
        together(
            IntStream.range(0, world)
                .<Task<Collective>>mapToObj(
                    rank -> () -> endpoints.get(rank).connect(rank, all, TIMEOUT))
                .toList());
    final double joined = since(start);
    together(ring.stream().<Task<Boolean>>map(rank -> () -> reduce(rank)).toList());
    final double end = since(start);
    System.gc();
    Runtime runtime = Runtime.getRuntime();
    final long heap = (runtime.totalMemory() - runtime.freeMemory()) >> 20;
    together(ring.stream().<Task<Boolean>>map(rank -> () -> closed(rank)).toList());
    endpoints.forEach(RpcEndpoint::close);
    final double hierarchical = hierarchical(world);
    long bytes = IntStream.range(0, world).mapToLong(i -> cards[i].length()).sum() * world;
    System.out.printf(
        Locale.ROOT,
        "| %,d | %.2f | %.2f | %.2f | %.2f | %.2f | %.2f | %,d | %,d |%n",
        world,
        opened,
        read - opened,
        joined - read,
        end - joined,
        hierarchical,
        joined,
        heap,
        bytes >> 20);
    return joined;
  }

  /** Seconds of the same all-reduce where 16 ranks share a JVM and one of them speaks for them. */
  private static double hierarchical(int world) {
    int jvms = world / RANKS_PER_JVM;
    List<RpcEndpoint> endpoints =
        together(
            IntStream.range(0, jvms)
                .<Task<RpcEndpoint>>mapToObj(jvm -> AllReduceRank::endpoint)
                .toList());
    List<String> addresses = endpoints.stream().map(RpcEndpoint::address).toList();
    int[] leaderOf = IntStream.range(0, world).map(rank -> rank / RANKS_PER_JVM).toArray();
    int[] placeOf = IntStream.range(0, world).map(rank -> rank % RANKS_PER_JVM).toArray();
    List<Collective> ranks =
        together(
            IntStream.range(0, world)
                .<Task<Collective>>mapToObj(
                    rank ->
                        () -> {
                          int jvm = leaderOf[rank];
                          Collective local =
                              LocalGroup.join(jvm, placeOf[rank], RANKS_PER_JVM, TIMEOUT);
                          Collective leaders =
                              placeOf[rank] == 0
                                  ? endpoints.get(jvm).connect(jvm, addresses, TIMEOUT)
                                  : null;
                          return new HierarchicalCollective(
                              rank, local, leaders, leaderOf, placeOf);
                        })
                .toList());
    long start = System.nanoTime();
    together(ranks.stream().<Task<Boolean>>map(rank -> () -> reduce(rank)).toList());
    double seconds = since(start);
    together(ranks.stream().<Task<Boolean>>map(rank -> () -> closed(rank)).toList());
    endpoints.forEach(RpcEndpoint::close);
    return seconds;
  }

  private interface Task<T> {
    T run();
  }

  private static boolean reduce(Collective rank) {
    rank.allReduce(ByteBuffer.allocateDirect(300_000).order(ByteOrder.nativeOrder()));
    return true;
  }

  private static boolean closed(Collective rank) {
    rank.close();
    return true;
  }

  /** Each in a thread of its own. */
  private static <T> List<T> together(List<Task<T>> tasks) {
    return tasks.stream()
        .map(
            task ->
                CompletableFuture.supplyAsync(
                    task::run, command -> new Thread(null, command, "rank", 256 << 10).start()))
        .toList()
        .stream()
        .map(CompletableFuture::join)
        .toList();
  }

  private static double since(long start) {
    return (System.nanoTime() - start) / 1e9;
  }
}
