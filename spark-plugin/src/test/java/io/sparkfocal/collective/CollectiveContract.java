package io.sparkfocal.collective;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkfocal.testing.Ranks;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What every {@link Collective} does; implementations extend it. */
@Timeout(180)
public abstract class CollectiveContract {

  /** A group of ranks that waits that long; the test closes every rank. */
  protected abstract List<Collective> group(int world, Duration timeout) throws Exception;

  /** What a rank is told, at least one of them, when sizes differ. */
  protected String mismatch() {
    return "Ranks called different operations";
  }

  /** How long ranks wait for others in tests in which they call different operations. */
  protected Duration mismatchTimeout() {
    return Duration.ofSeconds(10);
  }

  private List<Collective> group(int world) throws Exception {
    return group(world, Duration.ofSeconds(30));
  }

  private static void close(List<Collective> group) {
    group.parallelStream().forEach(Collective::close);
  }

  @ParameterizedTest
  @CsvSource({
    "1, 5",
    "2, 0",
    "2, 1",
    "2, 3",
    "2, 1023",
    "2, 1000003",
    "3, 0",
    "3, 2",
    "3, 1023",
    "3, 1000003",
    "5, 3",
    "5, 1023",
    "5, 400001"
  })
  void allReduceSumsOverRanksAndGivesEveryRankTheSameBits(int world, int size) throws Exception {
    List<Collective> group = group(world);
    try {
      List<float[]> sums = Ranks.run(group, c -> allReduced(c, values(size, c.rank())));
      double[] expected = expectedSum(world, size);
      for (float[] sum : sums) {
        assertThat(sum).isEqualTo(sums.get(0));
      }
      for (int i = 0; i < size; i++) {
        assertThat((double) sums.get(0)[i]).isCloseTo(expected[i], within(expected[i]));
      }
    } finally {
      close(group);
    }
  }

  private static org.assertj.core.data.Offset<Double> within(double value) {
    return org.assertj.core.data.Offset.offset(1e-5 * Math.max(1, Math.abs(value)));
  }

  @Test
  void repeatedRunsGiveTheSameBits() throws Exception {
    assertThat(sumOfThree()).isEqualTo(sumOfThree());
  }

  private float[] sumOfThree() throws Exception {
    List<Collective> group = group(3);
    try {
      return Ranks.run(group, c -> allReduced(c, values(10_007, c.rank()))).get(2);
    } finally {
      close(group);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 5})
  void broadcastGivesEveryRankTheBytesOfEachRoot(int world) throws Exception {
    List<Collective> group = group(world);
    try {
      for (int root = 0; root < world; root++) {
        int from = root;
        for (int size : new int[] {0, 1, 1_300_001}) {
          List<byte[]> received =
              Ranks.run(
                  group,
                  c -> {
                    byte[] own = new byte[size];
                    new Random(c.rank()).nextBytes(own);
                    ByteBuffer buffer = allocate(size).put(own).clear();
                    c.broadcast(buffer, from);
                    buffer.get(own);
                    return own;
                  });
          byte[] expected = new byte[size];
          new Random(from).nextBytes(expected);
          received.forEach(bytes -> assertThat(bytes).isEqualTo(expected));
        }
      }
    } finally {
      close(group);
    }
  }

  @Test
  void barrierReturnsOnlyWhenEveryRankHasCalledIt() throws Exception {
    List<Collective> group = group(3);
    AtomicInteger arrived = new AtomicInteger();
    try {
      List<Integer> seen =
          Ranks.run(
              group,
              c -> {
                arrived.incrementAndGet();
                c.barrier();
                return arrived.get();
              });
      assertThat(seen).containsOnly(3);
    } finally {
      close(group);
    }
  }

  @Test
  void manySmallOperationsInARowKeepTheirOrder() throws Exception {
    List<Collective> group = group(3);
    try {
      List<Float> totals =
          Ranks.run(
              group,
              c -> {
                float total = 0;
                for (int i = 0; i < 500; i++) {
                  total += allReduced(c, new float[] {i, c.rank()})[0];
                  if (i % 50 == 0) {
                    c.barrier();
                  }
                }
                return total;
              });
      assertThat(totals).containsOnly(3f * 500 * 499 / 2);
    } finally {
      close(group);
    }
  }

  @Test
  void theWholeBufferIsUsedAndItsPositionLeftAlone() throws Exception {
    List<Collective> group = group(2);
    try {
      List<Integer> positions =
          Ranks.run(
              group,
              c -> {
                ByteBuffer buffer = direct(new float[] {1, 2, 3});
                buffer.position(4);
                c.allReduce(buffer);
                assertThat(buffer.getFloat(0)).isEqualTo(2f);
                assertThat(buffer.getFloat(8)).isEqualTo(6f);
                return buffer.position();
              });
      assertThat(positions).containsExactly(4, 4);
    } finally {
      close(group);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void buffersThatCannotBeSharedAreRefused(int world) throws Exception {
    List<Collective> group = group(world);
    try {
      Collective one = group.get(0);
      assertThatThrownBy(() -> one.allReduce(ByteBuffer.allocate(8)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("The buffer of 8 bytes is not direct; use allocateDirect.");
      ByteBuffer odd = allocate(6).order(ByteOrder.nativeOrder());
      assertThatThrownBy(() -> one.allReduce(odd))
          .hasMessage("The buffer has 6 bytes, which are not whole float32 values.");
      assertThatThrownBy(() -> one.allReduce(allocate(8)))
          .hasMessageContaining("use ByteOrder.nativeOrder()");
      assertThatThrownBy(() -> one.broadcast(allocate(8), world))
          .hasMessageContaining("Root " + world + " is no rank of " + world);
    } finally {
      close(group);
    }
  }

  @Test
  protected void differentSizesFailOnEveryRank() throws Exception {
    List<Collective> group = group(3, mismatchTimeout());
    try {
      List<Throwable> failures =
          Ranks.failures(group, c -> allReduced(c, new float[c.rank() == 1 ? 3000 : 6000]));
      assertThat(failures).allSatisfy(f -> assertThat(f).isInstanceOf(CollectiveException.class));
      assertThat(failures).anySatisfy(f -> assertThat(f).hasMessageContaining(mismatch()));
    } finally {
      close(group);
    }
  }

  @Test
  protected void differentOperationsFailOnEveryRank() throws Exception {
    List<Collective> group = group(2, mismatchTimeout());
    try {
      List<Throwable> failures =
          Ranks.failures(
              group,
              c -> {
                if (c.rank() == 0) {
                  c.broadcast(allocate(400), 0);
                  c.barrier();
                } else {
                  c.allReduce(direct(new float[100]));
                }
                return null;
              });
      assertThat(failures).allSatisfy(f -> assertThat(f).isInstanceOf(CollectiveException.class));
    } finally {
      close(group);
    }
  }

  @Test
  void aRankThatNeverComesIsNamedWithinTheTimeout() throws Exception {
    List<Collective> group = group(3, Duration.ofMillis(700));
    try {
      long start = System.nanoTime();
      List<Throwable> failures =
          Ranks.failures(
              group,
              c -> {
                if (c.rank() != 1) {
                  c.barrier();
                }
                return null;
              });
      assertThat(System.nanoTime() - start).isLessThan(TimeUnit.SECONDS.toNanos(20));
      assertThat(failures.get(2))
          .isInstanceOf(CollectiveException.class)
          .hasMessageContaining("waited 700 ms for rank 1")
          .hasMessageContaining("spark.focal.collective.timeout");
    } finally {
      close(group);
    }
  }

  @Test
  void abortFromAnotherThreadWakesEveryRank() throws Exception {
    List<Collective> group = group(3, Duration.ofSeconds(60));
    CountDownLatch waiting = new CountDownLatch(2);
    try {
      List<Throwable> failures =
          Ranks.failures(
              group,
              c -> {
                if (c.rank() == 0) {
                  waiting.await();
                  c.abort("the GPU fell off the bus");
                  c.barrier();
                } else {
                  waiting.countDown();
                  c.barrier();
                }
                return null;
              });
      assertThat(failures).allSatisfy(f -> assertThat(f).isInstanceOf(CollectiveException.class));
      assertThat(failures.get(0)).hasMessageContaining("the GPU fell off the bus");
      assertThat(failures.get(1)).hasMessageContaining("the GPU fell off the bus");
    } finally {
      close(group);
    }
  }

  @Test
  void closingOneRankWakesTheOthers() throws Exception {
    List<Collective> group = group(3, Duration.ofSeconds(60));
    CountDownLatch waiting = new CountDownLatch(2);
    try {
      List<Throwable> failures =
          Ranks.failures(
              group,
              c -> {
                if (c.rank() == 0) {
                  waiting.await();
                  c.close();
                } else {
                  waiting.countDown();
                  c.barrier();
                }
                return null;
              });
      assertThat(failures.subList(1, 3))
          .allSatisfy(f -> assertThat(f).isInstanceOf(CollectiveException.class));
    } finally {
      close(group);
    }
  }

  @Test
  void ranksThatFinishAtDifferentTimesMayCloseAtOnce() throws Exception {
    for (int i = 0; i < 20; i++) {
      List<Collective> group = group(3);
      List<Float> sums =
          Ranks.run(
              group,
              c -> {
                float sum = allReduced(c, new float[] {1})[0];
                c.close();
                return sum;
              });
      assertThat(sums).containsOnly(3f);
    }
  }

  @Test
  void closeIsIdempotentAndLaterOperationsSaySo() throws Exception {
    List<Collective> group = group(2);
    close(group);
    close(group);
    assertThatThrownBy(() -> group.get(0).barrier()).isInstanceOf(CollectiveException.class);
  }

  /** Memory that the collective takes and the host reads. */
  protected ByteBuffer allocate(int bytes) {
    return ByteBuffer.allocateDirect(bytes);
  }

  /** A direct buffer in native order. */
  protected ByteBuffer direct(float[] values) {
    ByteBuffer buffer = allocate(values.length * Float.BYTES).order(ByteOrder.nativeOrder());
    buffer.asFloatBuffer().put(values);
    return buffer;
  }

  /** The values after an all-reduce. */
  protected float[] allReduced(Collective collective, float[] values) {
    ByteBuffer buffer = direct(values);
    collective.allReduce(buffer);
    float[] sums = new float[values.length];
    buffer.asFloatBuffer().get(sums);
    return sums;
  }

  private static float[] values(int size, int rank) {
    Random random = new Random(rank + 1);
    float[] values = new float[size];
    for (int i = 0; i < size; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  private static double[] expectedSum(int world, int size) {
    double[] sums = new double[size];
    for (int rank = 0; rank < world; rank++) {
      float[] values = values(size, rank);
      for (int i = 0; i < size; i++) {
        sums[i] += values[i];
      }
    }
    return sums;
  }
}
