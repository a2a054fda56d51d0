package io.sparkfocal.job;

import io.sparkfocal.collective.CollectiveException;
import java.io.Serializable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.spark.BarrierTaskContext;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkEnv;
import org.apache.spark.rpc.AbortableRpcFuture;
import org.apache.spark.rpc.RpcEndpointRef;
import org.apache.spark.rpc.RpcEnv;
import org.apache.spark.rpc.RpcTimeout;
import org.apache.spark.util.RpcUtils;
import org.jspecify.annotations.Nullable;
import scala.concurrent.Await;
import scala.concurrent.duration.Duration;
import scala.concurrent.duration.FiniteDuration;
import scala.reflect.ClassTag;
import scala.reflect.ClassTag$;
import scala.util.Try;

/**
 * How a rank gets the cards of all ranks of its attempt. The driver chooses the way, since all
 * ranks must take the same one.
 *
 * @param endpoint name of a {@link CardEndpoint} in the driver's RpcEnv; empty for the barrier's
 *     {@code allGather}, which takes a second
 * @param askMillis how long an answer is waited for before the rank asks again
 */
record CardExchange(String endpoint, long askMillis) implements Serializable {

  private static final ClassTag<String[]> CARDS = ClassTag$.MODULE$.apply(String[].class);
  private static final FiniteDuration BETWEEN_LOOKS = Duration.create(100, TimeUnit.MILLISECONDS);

  /** The cards of all ranks, by rank, once all are there. */
  String[] gather(BarrierTaskContext context, String own) {
    if (endpoint.isEmpty()) {
      return context.allGather(own);
    }
    SparkEnv spark = SparkEnv.get();
    return gather(
        spark.conf(),
        spark.rpcEnv(),
        new Object[] {context.stageAttemptNumber(), context.partitionId(), own},
        context::killTaskIfInterrupted);
  }

  /**
   * As above; {@code look} is called now and then, and ends the wait by what it throws.
   *
   * @throws CollectiveException if the driver knows no such attempt, or a rank does not come
   */
  String[] gather(SparkConf conf, RpcEnv rpcEnv, Object[] card, Runnable look) {
    RpcEndpointRef driver = driver(conf, rpcEnv);
    FiniteDuration patience = Duration.create(askMillis, TimeUnit.MILLISECONDS);
    RpcTimeout timeout = new RpcTimeout(patience, endpoint);
    while (true) {
      look.run();
      String[] cards = answer(driver.askAbortable(card, timeout, CARDS), look);
      if (cards != null) {
        return cards;
      }
    }
  }

  /** Scala declares no exceptions. */
  private RpcEndpointRef driver(SparkConf conf, RpcEnv rpcEnv) {
    try {
      return RpcUtils.makeDriverRef(endpoint, conf, rpcEnv);
    } catch (Exception e) {
      // Spark wraps it in an exception that says only that it waited.
      throw failed(e.getCause() == null ? e : e.getCause());
    }
  }

  /** Null if it does not come in time. */
  private static String @Nullable [] answer(AbortableRpcFuture<String[]> asked, Runnable look) {
    try {
      while (!isThere(asked)) {
        look.run();
      }
    } catch (InterruptedException e) {
      throw failed(e);
    } finally {
      if (!asked.future().isCompleted()) {
        asked.abort(new IllegalStateException("The rank waits no longer."));
      }
    }
    Try<String[]> answer = asked.future().value().get();
    if (answer.isSuccess()) {
      return answer.get();
    }
    Throwable failure = answer.failed().get();
    if (failure instanceof TimeoutException) {
      return null;
    }
    throw failed(failure);
  }

  private static boolean isThere(AbortableRpcFuture<String[]> asked) throws InterruptedException {
    try {
      return Await.ready(asked.future(), BETWEEN_LOOKS) != null;
    } catch (TimeoutException e) {
      return false;
    }
  }

  private static CollectiveException failed(Throwable cause) {
    if (cause instanceof InterruptedException) {
      Thread.currentThread().interrupt();
    }
    return new CollectiveException(
        "The ranks cannot tell each other where they are: " + cause.getMessage(), cause);
  }
}
