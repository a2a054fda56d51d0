package io.sparkfocal.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkfocal.collective.CollectiveException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.apache.spark.SecurityManager;
import org.apache.spark.SparkConf;
import org.apache.spark.TaskKilledException;
import org.apache.spark.rpc.RpcEnv;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import scala.Option;

/** Cards through RpcEnvs of a driver and an executor, over sockets of the loopback interface. */
@Timeout(60)
class CardExchangeIT {

  private static final String HOST = "127.0.0.1";
  private static final long KEY = 0x5EED;

  private final SparkConf conf = new SparkConf(false).set("spark.driver.host", HOST);
  private RpcEnv driver;
  private RpcEnv executor;

  private static void nothing() {}

  private CardEndpoint open(int world) {
    driver = RpcEnv.create("driver", HOST, 0, conf, security(), false);
    conf.set("spark.driver.port", Integer.toString(driver.address().port()));
    executor = RpcEnv.create("executor", HOST, 0, conf, security(), true);
    return new CardEndpoint(conf, new Over(driver), KEY, world);
  }

  private record Over(RpcEnv rpcEnv) implements RankLinks {
    @Override
    public RpcEnv driverRpcEnv() {
      return rpcEnv;
    }
  }

  private SecurityManager security() {
    return new SecurityManager(conf, Option.empty(), null);
  }

  @AfterEach
  void shutDown() {
    executor.shutdown();
    driver.shutdown();
    executor.awaitTermination();
    driver.awaitTermination();
  }

  private String[] gather(CardExchange exchange, int attempt, int rank, Runnable look) {
    return exchange.gather(conf, executor, new Object[] {attempt, rank, "card " + rank}, look);
  }

  private CompletableFuture<String[]> gathering(
      CardExchange exchange, int attempt, int rank, Runnable look) {
    return CompletableFuture.supplyAsync(
        () -> gather(exchange, attempt, rank, look), task -> new Thread(task).start());
  }

  /** A rank that waits: it has looked, so its question is on its way. */
  private CompletableFuture<String[]> waiting(CardExchange exchange, int attempt, int rank)
      throws InterruptedException {
    CountDownLatch looked = new CountDownLatch(2);
    CompletableFuture<String[]> cards = gathering(exchange, attempt, rank, looked::countDown);
    looked.await();
    return cards;
  }

  private static String sentence(CompletableFuture<String[]> rank) {
    Throwable failure =
        assertThatExceptionOfType(ExecutionException.class)
            .isThrownBy(() -> rank.get(30, TimeUnit.SECONDS))
            .actual()
            .getCause();
    assertThat(failure).isInstanceOf(CollectiveException.class);
    return failure.getMessage();
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void everyRankGetsTheCardsOfAll(boolean secure) throws Exception {
    if (secure) {
      conf.set("spark.authenticate", "true")
          .set("spark.authenticate.secret", "a secret of the test")
          .set("spark.network.crypto.enabled", "true");
    }
    try (CardEndpoint endpoint = open(3)) {
      CardExchange exchange = endpoint.exchange();
      CompletableFuture<String[]> first = waiting(exchange, 0, 0);
      CompletableFuture<String[]> second = waiting(exchange, 0, 2);
      assertThat(first).isNotDone();
      // As in local mode, where driver and executor are one.
      assertThat(
              exchange.gather(conf, driver, new Object[] {0, 1, "card 1"}, CardExchangeIT::nothing))
          .containsExactly("card 0", "card 1", "card 2");
      assertThat(first.get()).containsExactly("card 0", "card 1", "card 2");
      assertThat(second.get()).containsExactly("card 0", "card 1", "card 2");
    }
  }

  @Test
  void withoutTheSecretNobodyGetsThem() throws Exception {
    conf.set("spark.authenticate", "true").set("spark.authenticate.secret", "a secret of the test");
    try (CardEndpoint endpoint = open(2)) {
      SparkConf stranger = conf.clone().set("spark.authenticate.secret", "another");
      SecurityManager security = new SecurityManager(stranger, Option.empty(), null);
      RpcEnv outside = RpcEnv.create("executor", HOST, 0, stranger, security, true);
      CompletableFuture<String[]> first = waiting(endpoint.exchange(), 0, 0);
      assertThatThrownBy(
              () ->
                  endpoint
                      .exchange()
                      .gather(
                          stranger, outside, new Object[] {0, 1, "false"}, CardExchangeIT::nothing))
          .isInstanceOf(CollectiveException.class);
      outside.shutdown();
      assertThat(gather(endpoint.exchange(), 0, 1, CardExchangeIT::nothing))
          .containsExactly("card 0", "card 1");
      assertThat(first.get()).containsExactly("card 0", "card 1");
    }
  }

  @Test
  void aRankWhoseAnswerIsLateOrLostAsksAgain() throws Exception {
    try (CardEndpoint endpoint = open(2)) {
      CardExchange impatient = new CardExchange(endpoint.exchange().endpoint(), 20);
      CountDownLatch asked = new CountDownLatch(5);
      CompletableFuture<String[]> first = gathering(impatient, 0, 0, asked::countDown);
      asked.await();
      assertThat(first).isNotDone();
      String[] all = {"card 0", "card 1"};
      assertThat(gather(endpoint.exchange(), 0, 1, CardExchangeIT::nothing)).isEqualTo(all);
      assertThat(first.get()).isEqualTo(all);
      assertThat(gather(endpoint.exchange(), 0, 0, CardExchangeIT::nothing)).isEqualTo(all);
      assertThat(gather(endpoint.exchange(), 0, 1, CardExchangeIT::nothing)).isEqualTo(all);
    }
  }

  @Test
  void ranksOfAnEarlierAttemptOfTheStageAreSentAway() throws Exception {
    try (CardEndpoint endpoint = open(2)) {
      CardExchange exchange = endpoint.exchange();
      CompletableFuture<String[]> early = waiting(exchange, 0, 0);
      CompletableFuture<String[]> first = waiting(exchange, 1, 0);
      String over =
          "The ranks cannot tell each other where they are: Spark has begun attempt 1 of the ranks' stage.";
      assertThat(sentence(early)).isEqualTo(over);
      assertThat(sentence(gathering(exchange, 0, 1, CardExchangeIT::nothing))).isEqualTo(over);
      assertThat(first).isNotDone();
      assertThat(gather(exchange, 1, 1, CardExchangeIT::nothing))
          .containsExactly("card 0", "card 1");
      assertThat(first.get()).containsExactly("card 0", "card 1");
    }
  }

  @Test
  void aRankOfACancelledAttemptWaitsNoLonger() throws Exception {
    CardEndpoint endpoint = open(2);
    CardExchange exchange = endpoint.exchange();
    CompletableFuture<String[]> first = waiting(exchange, 0, 0);
    endpoint.close();
    assertThat(sentence(first))
        .isEqualTo("The ranks cannot tell each other where they are: The attempt is over.");
    assertThat(sentence(gathering(exchange, 0, 1, CardExchangeIT::nothing)))
        .startsWith("The ranks cannot tell each other where they are: Cannot find endpoint: ");
  }

  @Test
  void aKilledTaskWaitsNoLonger() throws Exception {
    try (CardEndpoint endpoint = open(2)) {
      CountDownLatch killed = new CountDownLatch(3);
      Runnable look =
          () -> {
            killed.countDown();
            if (killed.getCount() == 0) {
              throw new TaskKilledException("another rank failed");
            }
          };
      assertThatThrownBy(() -> gather(endpoint.exchange(), 0, 0, look))
          .isInstanceOf(TaskKilledException.class);
      Thread.currentThread().interrupt();
      assertThatThrownBy(() -> gather(endpoint.exchange(), 0, 0, CardExchangeIT::nothing))
          .isInstanceOf(CollectiveException.class);
      assertThat(Thread.interrupted()).isTrue();
    }
  }

  @Test
  void aRankThatDoesNotComeIsNamedWhenTheTimeIsOver() throws Exception {
    conf.set("spark.barrier.sync.timeout", "1s");
    try (CardEndpoint endpoint = open(3)) {
      CompletableFuture<String[]> first =
          gathering(endpoint.exchange(), 0, 0, CardExchangeIT::nothing);
      CompletableFuture<String[]> last =
          gathering(endpoint.exchange(), 0, 2, CardExchangeIT::nothing);
      String over =
          "The ranks cannot tell each other where they are: 1 of 3 ranks, rank 1 among them, had not read their rows 1 s after the first; see what keeps them, or raise spark.barrier.sync.timeout.";
      assertThat(sentence(first)).isEqualTo(over);
      assertThat(sentence(last)).isEqualTo(over);
      assertThat(sentence(gathering(endpoint.exchange(), 0, 1, CardExchangeIT::nothing)))
          .isEqualTo(over);
    }
  }

  @Test
  void oneRankNeedsNoEndpoint() {
    try (CardEndpoint endpoint = open(1)) {
      assertThat(endpoint.exchange().endpoint()).isEmpty();
    }
  }

  @Test
  void whatIsNoCardIsRefused() {
    try (CardEndpoint endpoint = open(2)) {
      CardExchange exchange = endpoint.exchange();
      assertThatThrownBy(
              () -> exchange.gather(conf, executor, new Object[] {0, 1}, CardExchangeIT::nothing))
          .isInstanceOf(CollectiveException.class)
          .hasMessageContaining("Unsupported message");
    }
  }
}
