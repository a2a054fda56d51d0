package io.sparkfocal.collective.rpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkfocal.collective.Collective;
import io.sparkfocal.collective.CollectiveContract;
import io.sparkfocal.collective.CollectiveException;
import io.sparkfocal.testing.Ranks;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.spark.SecurityManager;
import org.apache.spark.SparkConf;
import org.apache.spark.network.TransportContext;
import org.apache.spark.network.client.RpcResponseCallback;
import org.apache.spark.network.client.TransportClient;
import org.apache.spark.network.client.TransportClientFactory;
import org.apache.spark.network.server.NoOpRpcHandler;
import org.apache.spark.network.util.MapConfigProvider;
import org.apache.spark.network.util.TransportConf;
import org.assertj.core.data.Offset;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import scala.Option;

/** Rings over sockets of the loopback interface. */
@Timeout(240)
class RpcCollectiveIT {

  private static final String HOST = "127.0.0.1";
  private static final long KEY = 0x5EED;

  /** The whole contract, once per kind of channel. */
  abstract static class Ring extends CollectiveContract {

    private final List<RpcEndpoint> open = new ArrayList<>();

    abstract SparkConf conf();

    @Override
    protected List<Collective> group(int world, Duration timeout) {
      List<RpcEndpoint> endpoints = endpoints(conf(), world);
      open.addAll(endpoints);
      return connected(endpoints, timeout);
    }

    @AfterEach
    void closeEndpoints() {
      open.forEach(RpcEndpoint::close);
      open.clear();
    }
  }

  @Nested
  class Plain extends Ring {
    @Override
    SparkConf conf() {
      return new SparkConf(false);
    }
  }

  @Nested
  class Authenticated extends Ring {
    @Override
    SparkConf conf() {
      return authenticated("right");
    }
  }

  @Nested
  class Encrypted extends Ring {
    @Override
    SparkConf conf() {
      return authenticated("right").set("spark.network.crypto.enabled", "true");
    }
  }

  @Test
  void aPeerWithoutTheSecretIsRefusedAndTheRingGoesOn() {
    refuses(new SparkConf(false));
  }

  @Test
  void aPeerWithAnotherSecretIsRefusedAndTheRingGoesOn() {
    refuses(authenticated("wrong"));
  }

  private static void refuses(SparkConf strangerConf) {
    List<RpcEndpoint> endpoints = endpoints(authenticated("right"), 2);
    List<Collective> ring = connected(endpoints, Duration.ofSeconds(20));
    try (RpcEndpoint stranger =
        RpcEndpoint.open(strangerConf, security(strangerConf), HOST, HOST, PortRange.ANY, KEY)) {
      List<String> addresses = List.of(endpoints.get(0).address(), stranger.address());
      assertThatThrownBy(() -> stranger.connect(1, addresses, Duration.ofSeconds(2)))
          .isInstanceOf(CollectiveException.class);
      assertRingWorks(ring);
    } finally {
      closeAll(ring, endpoints);
    }
  }

  @Test
  @EnabledIf("sparkHasTls")
  void theApplicationsTlsSettingsHoldForTheRing(@TempDir Path folder) throws Exception {
    String store = folder.resolve("keys.p12").toString();
    Process keytool =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-genkeypair",
                "-keyalg",
                "RSA",
                "-dname",
                "CN=localhost",
                "-storetype",
                "PKCS12",
                "-keystore",
                store,
                "-storepass",
                "password")
            .redirectErrorStream(true)
            .start();
    assertThat(keytool.waitFor(60, TimeUnit.SECONDS)).isTrue();
    // Only the switch is under spark.ssl.rpc; the rest is inherited.
    SparkConf tls =
        new SparkConf(false)
            .set("spark.ssl.rpc.enabled", "true")
            .set("spark.ssl.protocol", "TLSv1.3")
            .set("spark.ssl.keyStore", store)
            .set("spark.ssl.keyStorePassword", "password")
            .set("spark.ssl.keyPassword", "password")
            .set("spark.ssl.trustStore", store)
            .set("spark.ssl.trustStorePassword", "password");
    List<RpcEndpoint> endpoints = endpoints(tls, 2);
    List<Collective> ring = connected(endpoints, Duration.ofSeconds(20));
    SparkConf plain = new SparkConf(false);
    try (RpcEndpoint stranger =
        RpcEndpoint.open(plain, security(plain), HOST, HOST, PortRange.ANY, KEY)) {
      assertRingWorks(ring);
      List<String> addresses = List.of(endpoints.get(0).address(), stranger.address());
      assertThatThrownBy(() -> stranger.connect(1, addresses, Duration.ofSeconds(2)))
          .isInstanceOf(CollectiveException.class);
      assertRingWorks(ring);
    } finally {
      closeAll(ring, endpoints);
    }
  }

  static boolean sparkHasTls() {
    return RpcCollectiveIT.class.getResource("/org/apache/spark/network/ssl/SSLFactory.class")
        != null;
  }

  @Test
  void messagesOfStrangersAreDroppedAndCounted() throws Exception {
    SparkConf conf = new SparkConf(false);
    List<RpcEndpoint> endpoints = endpoints(conf, 2);
    List<Collective> ring = connected(endpoints, Duration.ofSeconds(20));
    TransportConf transport = new TransportConf("test", new MapConfigProvider(Map.of()));
    try (TransportContext context = new TransportContext(transport, new NoOpRpcHandler());
        TransportClientFactory clients = context.createClientFactory()) {
      String address = endpoints.get(0).address();
      TransportClient client =
          clients.createClient(HOST, Integer.parseInt(address.substring(address.indexOf(':') + 1)));
      client.sendRpc(ByteBuffer.wrap("hello".getBytes(StandardCharsets.UTF_8)), new Silent());
      client.sendRpc(frame(KEY + 1, Frame.Kind.REDUCE), new Silent());
      client.sendRpc(frame(KEY, Frame.Kind.HELLO), new Silent());
      client.sendRpc(frame(KEY, Frame.Kind.REDUCE), new Silent());
      client.sendRpc(frame(KEY, Frame.Kind.ABORT), new Silent());
      Awaitility.await()
          .untilAsserted(() -> assertThat(endpoints.get(0).droppedMessages()).isEqualTo(5));
      assertRingWorks(ring);
    } finally {
      closeAll(ring, endpoints);
    }
  }

  /** Listens in on a connection of the ring and says the same again, from elsewhere. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void whatWasSaidBeforeIsNotHeardAgain(boolean encrypted) throws Exception {
    SparkConf conf =
        encrypted
            ? authenticated("right").set("spark.network.crypto.enabled", "true")
            : authenticated("right");
    List<RpcEndpoint> endpoints = endpoints(conf, 2);
    int port = port(endpoints.get(1));
    List<Collective> ring = new ArrayList<>();
    try (Recorder recorder = new Recorder(port)) {
      List<String> throughRecorder =
          List.of(endpoints.get(0).address(), HOST + ":" + recorder.port());
      ring.addAll(connected(endpoints, throughRecorder, Duration.ofSeconds(20)));
      assertRingWorks(ring);
      byte[] said = recorder.recorded();
      assertThat(said).hasSizeGreaterThan(Frame.HEADER_BYTES);
      try (Socket stranger = new Socket(InetAddress.getLoopbackAddress(), port)) {
        stranger.setSoTimeout(5_000);
        stranger.getOutputStream().write(said);
        assertRingWorks(ring);
        // It gets a challenge that it cannot answer, and the end of the channel.
        byte[] heard = stranger.getInputStream().readAllBytes();
        assertThat(new String(heard, StandardCharsets.ISO_8859_1))
            .contains(encrypted ? "sparkSaslUser" : "Mismatched nonce")
            .doesNotContain("FOC2");
        assertThat(endpoints.get(1).droppedMessages()).isZero();
      }
      assertRingWorks(ring);
    } finally {
      closeAll(ring, endpoints);
    }
  }

  private static int port(RpcEndpoint endpoint) {
    return Integer.parseInt(endpoint.address().substring(endpoint.address().indexOf(':') + 1));
  }

  private static ByteBuffer frame(long attempt, Frame.Kind kind) {
    return new Frame(attempt, 1, kind, 0, 0, 8, 4).encode();
  }

  @ParameterizedTest
  @CsvSource({"2, 1", "2, 300001", "3, 5", "3, 300001"})
  void halvesOnTheWireGiveAllRanksTheSameSumsToThreeDigits(int world, int size) {
    List<RpcEndpoint> endpoints = endpoints(new SparkConf(false), world);
    List<Collective> ring = connected(endpoints, Duration.ofSeconds(20));
    try {
      List<float[]> sums =
          Ranks.run(
              ring,
              c -> {
                ByteBuffer values =
                    ByteBuffer.allocateDirect(4 * size).order(java.nio.ByteOrder.nativeOrder());
                for (int i = 0; i < size; i++) {
                  values.putFloat(4 * i, (float) (1 + Math.sin(i + c.rank())));
                }
                c.allReduce(values, Collective.Precision.BFLOAT16);
                float[] sum = new float[size];
                values.asFloatBuffer().get(sum);
                return sum;
              });
      for (float[] sum : sums) {
        assertThat(sum).isEqualTo(sums.get(0));
      }
      for (int i = 0; i < size; i++) {
        double expected = 0;
        for (int rank = 0; rank < world; rank++) {
          expected += 1 + Math.sin(i + rank);
        }
        assertThat(sums.get(0)[i]).isCloseTo((float) expected, Offset.offset(0.03f));
      }
    } finally {
      closeAll(ring, endpoints);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "0, 0",
    "1, 1",
    "1.00390625, 1",
    "1.01171875, 1.015625",
    "-3.385e38, -3.3895314e38",
    "Infinity, Infinity",
    "3.4028235e38, Infinity",
    "NaN, NaN"
  })
  void valuesAreRoundedToTheNearestHalfAndTiesToEven(float value, float rounded) {
    assertThat(Bfloat16Wire.widen(Bfloat16Wire.narrow(value))).isEqualTo(Float.valueOf(rounded));
  }

  @Test
  void noThreadIsLeftAfterClose() {
    List<RpcEndpoint> endpoints = endpoints(new SparkConf(false), 3);
    List<Collective> ring = connected(endpoints, Duration.ofSeconds(20));
    assertRingWorks(ring);
    assertThat(focalThreads()).isNotEmpty();
    closeAll(ring, endpoints);
    Awaitility.await().untilAsserted(() -> assertThat(focalThreads()).isEmpty());
  }

  private static List<String> focalThreads() {
    return Thread.getAllStackTraces().keySet().stream()
        .map(Thread::getName)
        .filter(name -> name.startsWith("focal-"))
        .toList();
  }

  @Test
  void aRankThatNobodyListensForIsNamed() {
    SparkConf conf = new SparkConf(false);
    try (RpcEndpoint endpoint =
        RpcEndpoint.open(conf, security(conf), HOST, HOST, PortRange.ANY, KEY)) {
      List<String> addresses = List.of(endpoint.address(), HOST + ":1");
      assertThatThrownBy(() -> endpoint.connect(0, addresses, Duration.ofSeconds(2)))
          .isInstanceOf(CollectiveException.class)
          .hasMessageContaining("Cannot connect to Rank 1 of 2 (127.0.0.1:1)");
    }
  }

  private static void assertRingWorks(List<Collective> ring) {
    List<Float> sums =
        Ranks.run(
            ring,
            c -> {
              ByteBuffer one = ByteBuffer.allocateDirect(4).order(java.nio.ByteOrder.nativeOrder());
              one.putFloat(0, 1);
              c.allReduce(one);
              return one.getFloat(0);
            });
    assertThat(sums).containsOnly((float) ring.size());
  }

  private static List<RpcEndpoint> endpoints(SparkConf conf, int world) {
    SecurityManager security = security(conf);
    return Stream.generate(() -> RpcEndpoint.open(conf, security, HOST, HOST, PortRange.ANY, KEY))
        .limit(world)
        .toList();
  }

  private static List<Collective> connected(List<RpcEndpoint> endpoints, Duration timeout) {
    return connected(endpoints, endpoints.stream().map(RpcEndpoint::address).toList(), timeout);
  }

  private static List<Collective> connected(
      List<RpcEndpoint> endpoints, List<String> addresses, Duration timeout) {
    return IntStream.range(0, endpoints.size())
        .mapToObj(
            rank ->
                CompletableFuture.supplyAsync(
                    () -> endpoints.get(rank).connect(rank, addresses, timeout),
                    command -> new Thread(command).start()))
        .toList()
        .stream()
        .map(CompletableFuture::join)
        .toList();
  }

  private static SparkConf authenticated(String secret) {
    return new SparkConf(false)
        .set("spark.authenticate", "true")
        .set("spark.authenticate.secret", secret);
  }

  private static SecurityManager security(SparkConf conf) {
    return new SecurityManager(conf, Option.empty(), null);
  }

  private static void closeAll(List<Collective> ring, List<RpcEndpoint> endpoints) {
    ring.parallelStream().forEach(Collective::close);
    endpoints.forEach(RpcEndpoint::close);
  }

  private static final class Silent implements RpcResponseCallback {
    @Override
    public void onSuccess(ByteBuffer response) {}

    @Override
    public void onFailure(Throwable cause) {}
  }
}
