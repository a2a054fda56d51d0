package io.sparkfocal.job;

import java.time.Duration;
import java.util.Arrays;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.spark.SparkConf;
import org.apache.spark.rpc.RpcCallContext;
import org.apache.spark.rpc.RpcEndpointRef;
import org.apache.spark.rpc.RpcEnv;
import org.apache.spark.rpc.ThreadSafeRpcEndpoint;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import scala.Function1;
import scala.PartialFunction;
import scala.runtime.AbstractPartialFunction;
import scala.runtime.BoxedUnit;

/**
 * Gives the cards of all ranks of an attempt to each of them, in the driver's RpcEnv: with its port
 * and Spark's authentication. An answer waits until the last rank has asked.
 *
 * <p>Messages are of the JDK's own types, since the driver's RpcEnv may not know the user's jars.
 */
final class CardEndpoint implements ThreadSafeRpcEndpoint, AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(CardEndpoint.class);
  private static final String PATIENCE = "spark.barrier.sync.timeout";
  private static final Duration LONGEST_ASK = Duration.ofSeconds(10);
  private static final AtomicBoolean SAID = new AtomicBoolean();

  private final RpcEnv rpcEnv;
  private final String name;
  private final int world;
  private final Duration patience;
  private final @Nullable RpcEndpointRef registered;
  private int stageAttempt = -1;
  private @Nullable String[] cards;
  private @Nullable RpcCallContext[] waiting;
  private int missing;
  private long firstCame;
  private @Nullable String failure;

  /**
   * Of an attempt; where the driver's RpcEnv takes no endpoint, or one rank is alone, there is
   * none.
   */
  CardEndpoint(SparkConf conf, RankLinks links, long attemptKey, int world) {
    this.rpcEnv = links.driverRpcEnv();
    this.name = "spark-focal-" + Long.toHexString(attemptKey);
    this.world = world;
    this.patience = Duration.ofSeconds(conf.getTimeAsSeconds(PATIENCE, "365d"));
    this.cards = new String[world];
    this.waiting = new RpcCallContext[world];
    this.registered = world == 1 ? null : register();
  }

  private @Nullable RpcEndpointRef register() {
    try {
      return rpcEnv.setupEndpoint(name, this);
    } catch (RuntimeException | LinkageError e) {
      if (SAID.compareAndSet(false, true)) {
        LOG.warn(
            "The driver's RpcEnv takes no endpoint, so ranks meet through the barrier, a second later: {}",
            e.toString());
      }
      return null;
    }
  }

  /** How the ranks meet, for their tasks: this endpoint if there is one. */
  CardExchange exchange() {
    long askMillis = Math.min(LONGEST_ASK.toMillis(), Math.max(1, patience.toMillis()));
    return new CardExchange(registered == null ? "" : name, askMillis);
  }

  @Override
  public RpcEnv rpcEnv() {
    return rpcEnv;
  }

  @Override
  public PartialFunction<Object, BoxedUnit> receiveAndReply(RpcCallContext context) {
    return new AbstractPartialFunction<>() {
      @Override
      public boolean isDefinedAt(Object message) {
        return message instanceof Object[] card && card.length == 3;
      }

      @Override
      @SuppressWarnings("unchecked") // a message has no other answer
      public <A, B> B applyOrElse(A message, Function1<A, B> otherwise) {
        if (!isDefinedAt(message)) {
          return otherwise.apply(message);
        }
        Object[] card = (Object[]) message;
        take((Integer) card[0], (Integer) card[1], (String) card[2], context);
        return (B) BoxedUnit.UNIT;
      }
    };
  }

  /** A rank asks again where an answer did not come in time, or was lost. */
  private void take(int attempt, int rank, String card, RpcCallContext context) {
    if (attempt < stageAttempt) {
      fail(context, "Spark has begun attempt " + stageAttempt + " of the ranks' stage.");
      return;
    }
    if (attempt > stageAttempt) {
      begin(attempt);
    }
    if (cards[rank] == null) {
      cards[rank] = card;
      missing--;
    }
    waiting[rank] = context;
    if (missing > 0 && System.nanoTime() - firstCame > patience.toNanos()) {
      failure =
          "%s of %s ranks, rank %s among them, had not read their rows %s s after the first; see what keeps them, or raise %s."
              .formatted(
                  missing,
                  world,
                  Arrays.asList(cards).indexOf(null),
                  patience.toSeconds(),
                  PATIENCE);
    }
    if (failure != null) {
      failAll(failure);
    } else if (missing == 0) {
      for (int i = 0; i < world; i++) {
        if (waiting[i] != null) {
          waiting[i].reply(cards);
          waiting[i] = null;
        }
      }
    }
  }

  /** Spark repeats a stage by itself, for instance because shuffled input was lost. */
  private void begin(int attempt) {
    failAll("Spark has begun attempt " + attempt + " of the ranks' stage.");
    stageAttempt = attempt;
    cards = new String[world];
    missing = world;
    firstCame = System.nanoTime();
    failure = null;
  }

  private void failAll(String why) {
    Arrays.stream(waiting).filter(Objects::nonNull).forEach(context -> fail(context, why));
    Arrays.fill(waiting, null);
  }

  private static void fail(RpcCallContext context, String why) {
    context.sendFailure(new IllegalStateException(why));
  }

  @Override
  public void onStop() {
    failAll("The attempt is over.");
  }

  /** Answers no longer; ranks that wait are told so. */
  @Override
  public void close() {
    if (registered != null) {
      rpcEnv.stop(registered);
    }
  }
}
