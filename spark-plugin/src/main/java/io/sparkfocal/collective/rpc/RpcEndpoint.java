package io.sparkfocal.collective.rpc;

import io.sparkfocal.collective.Collective;
import io.sparkfocal.collective.CollectiveException;
import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.SecurityManager;
import org.apache.spark.SparkConf;
import org.apache.spark.network.TransportContext;
import org.apache.spark.network.client.TransportClientBootstrap;
import org.apache.spark.network.client.TransportClientFactory;
import org.apache.spark.network.crypto.AuthClientBootstrap;
import org.apache.spark.network.crypto.AuthServerBootstrap;
import org.apache.spark.network.server.TransportServer;
import org.apache.spark.network.server.TransportServerBootstrap;
import org.apache.spark.network.util.MapConfigProvider;
import org.apache.spark.network.util.TransportConf;
import org.jspecify.annotations.Nullable;
import scala.Tuple2;

/**
 * A rank's place in the network: listens for the rank before, connects to the rank after.
 *
 * <p>Uses the application's own settings: with {@code spark.authenticate} both sides prove that
 * they know the application's secret before a frame is read; {@code spark.network.crypto.*} and
 * {@code spark.ssl.rpc.*} (Spark 4) encrypt the channel.
 */
public final class RpcEndpoint implements AutoCloseable {

  private static final String MODULE = "focal";
  private static final String TLS = "spark.ssl.";

  private final SecurityManager security;
  private final TransportConf conf;
  private final long attempt;
  private final Mailbox mailbox = new Mailbox();
  private final FrameReceiver receiver;
  private final TransportContext context;
  private final TransportServer server;
  private final String host;
  private final PortRange ports;
  private @Nullable TransportClientFactory clients;

  private RpcEndpoint(
      SparkConf conf,
      SecurityManager security,
      String bindAddress,
      String host,
      PortRange ports,
      long attempt) {
    this.security = security;
    this.host = host;
    this.attempt = attempt;
    this.conf = new TransportConf(MODULE, new MapConfigProvider(settings(conf)));
    this.receiver = new FrameReceiver(attempt, mailbox);
    this.context = new TransportContext(this.conf, receiver);
    List<TransportServerBootstrap> bootstraps =
        security.isAuthenticationEnabled()
            ? List.of(new AuthServerBootstrap(this.conf, security))
            : List.of();
    this.ports = ports;
    this.server = ports.first(port -> context.createServer(bindAddress, port, bootstraps));
  }

  /**
   * Starts to listen.
   *
   * @param conf the application's settings
   * @param security holds the application's secret, if there is one
   * @param bindAddress where to listen
   * @param host name or address of this host, as the other ranks reach it
   * @param ports of which the first free one is taken
   * @param attempt the run's key: frames with another one are dropped
   * @throws CollectiveException if none of them is free
   */
  public static RpcEndpoint open(
      SparkConf conf,
      SecurityManager security,
      String bindAddress,
      String host,
      PortRange ports,
      long attempt) {
    return new RpcEndpoint(conf, security, bindAddress, host, ports, attempt);
  }

  /**
   * Spark's transport would close a channel whose peer has not answered for {@code
   * spark.network.timeout}; here a rank may compute for longer, and waits have their own deadlines.
   */
  private static Map<String, String> settings(SparkConf conf) {
    Map<String, String> settings = new HashMap<>();
    for (Tuple2<String, String> entry : conf.getAll()) {
      settings.put(entry._1(), entry._2());
    }
    inheritTls(settings);
    settings.putIfAbsent("spark.focal.io.connectionTimeout", "24h");
    settings.putIfAbsent("spark.focal.io.connectionCreationTimeout", "30s");
    settings.putIfAbsent("spark.focal.io.serverThreads", "1");
    settings.putIfAbsent("spark.focal.io.clientThreads", "1");
    return settings;
  }

  /**
   * What {@code spark.ssl.rpc} does not say, {@code spark.ssl} says, as for Spark's own transport.
   */
  private static void inheritTls(Map<String, String> settings) {
    for (String key : List.copyOf(settings.keySet())) {
      String field = key.startsWith(TLS) ? key.substring(TLS.length()) : "";
      if (!field.isEmpty() && field.indexOf('.') < 0 && !field.equals("enabled")) {
        settings.putIfAbsent(TLS + "rpc." + field, settings.get(key));
      }
    }
  }

  /** Where this rank listens, as host:port. */
  public String address() {
    return host + ":" + server.getPort();
  }

  /**
   * How many messages were dropped because they were not of this run or not from the rank before.
   */
  public long droppedMessages() {
    return mailbox.dropped();
  }

  /**
   * Joins the ring; called once.
   *
   * @param rank this rank's number
   * @param addresses where the ranks listen, by rank
   * @param timeout how long this rank waits for another, in every wait
   * @throws CollectiveException if the rank after cannot be reached or refuses this one, or the
   *     rank before does not come
   */
  public Collective connect(int rank, List<String> addresses, Duration timeout) {
    int following = (rank + 1) % addresses.size();
    int previous = Math.floorMod(rank - 1, addresses.size());
    receiver.nameOfPrevious(name(previous, addresses));
    PeerLink next = link(following, addresses);
    next.greet(attempt);
    mailbox.awaitNeighbours(
        timeout,
        RingCollective.lateness(rank, addresses, previous, "connect", timeout),
        RingCollective.lateness(rank, addresses, following, "connect", timeout));
    return new RingCollective(rank, addresses, attempt, mailbox, next, timeout);
  }

  private static String name(int peer, List<String> addresses) {
    return "Rank %s of %s (%s)".formatted(peer, addresses.size(), addresses.get(peer));
  }

  private PeerLink link(int peer, List<String> addresses) {
    String address = addresses.get(peer);
    List<TransportClientBootstrap> bootstraps =
        security.isAuthenticationEnabled()
            ? List.of(new AuthClientBootstrap(conf, security.getSaslUser(), security))
            : List.of();
    clients = context.createClientFactory(bootstraps);
    int colon = address.lastIndexOf(':');
    String peerHost = address.substring(0, colon);
    int port = Integer.parseInt(address.substring(colon + 1));
    String name = name(peer, addresses);
    try {
      return new PeerLink(clients.createUnmanagedClient(peerHost, port), mailbox, name);
    } catch (IOException | RuntimeException e) {
      throw new CollectiveException(
          "Cannot connect to %s: %s; check that executors reach each other's ports (%s) and have the same spark.authenticate settings."
              .formatted(name, e.getMessage(), ports.described()),
          e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CollectiveException("Interrupted while connecting to " + name + ".", e);
    }
  }

  /** Stops listening and closes every channel. Idempotent. */
  @Override
  public void close() {
    mailbox.close("The endpoint " + address() + " is closed.");
    if (clients != null) {
      clients.close();
    }
    server.close();
    context.close();
  }
}
