package io.sparkfocal.collective;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.sparkfocal.collective.local.LocalGroup;
import io.sparkfocal.testing.Ranks;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(60)
class TensorCollectiveTest {

  @ParameterizedTest
  @CsvSource({"1, 5", "3, 0", "3, 1", "3, 1000", "4, 1001"})
  void everyRankGetsTheBytesOfAll(int world, int length) throws Exception {
    LocalGroup group = LocalGroup.of(world, Duration.ofSeconds(20));
    List<Collective> ranks = IntStream.range(0, world).mapToObj(group::member).toList();
    List<List<byte[]>> gathered =
        Ranks.run(
            ranks,
            c -> {
              try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
                return new TensorCollective(c).allGather(bytes(c.rank(), length), manager);
              }
            });
    for (List<byte[]> all : gathered) {
      assertThat(all).hasSize(world);
      for (int rank = 0; rank < world; rank++) {
        assertThat(all.get(rank)).isEqualTo(bytes(rank, length));
      }
    }
    ranks.forEach(Collective::close);
  }

  /** As those of more than 2 GiB are. */
  @Test
  void aVectorThatOneBufferDoesNotHoldIsSummedAndSentInPieces() throws Exception {
    LocalGroup group = LocalGroup.of(3, Duration.ofSeconds(20));
    List<Collective> ranks = IntStream.range(0, 3).mapToObj(group::member).toList();
    List<float[]> sums =
        Ranks.run(
            ranks,
            c -> {
              try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
                TensorCollective few =
                    new TensorCollective(c, Collective.Precision.FLOAT32, 1000 + c.world());
                NDArray values = manager.arange(5000f).mul(c.rank() + 1);
                few.allReduce(values);
                NDArray sent = manager.arange(5000f).add(c.rank());
                few.broadcast(sent, 1);
                return values.sub(sent.mul(6)).toFloatArray();
              }
            });
    float[] expected = new float[5000];
    Arrays.fill(expected, -6);
    assertThat(sums).allSatisfy(sum -> assertThat(sum).isEqualTo(expected));
    ranks.forEach(Collective::close);
  }

  /** Two ranks of which the other has zeros; notes what is asked of it after an operation. */
  private static final class Device implements Collective {

    private final List<String> calls = new ArrayList<>();
    private boolean loses;

    @Override
    public int rank() {
      return 0;
    }

    @Override
    public int world() {
      return 2;
    }

    @Override
    public Memory memory() {
      return Memory.DEVICE;
    }

    @Override
    public void allReduce(ByteBuffer values, Precision precision) {
      calls.add("allReduce");
    }

    @Override
    public void broadcast(ByteBuffer bytes, int root) {
      calls.add("broadcast");
    }

    @Override
    public void finish() {
      calls.add("finish");
    }

    @Override
    public void barrier() {
      calls.add("barrier");
      if (loses) {
        throw new CollectiveException("rank 1 was lost");
      }
    }

    @Override
    public @Nullable String failure() {
      return null;
    }

    @Override
    public boolean isAborted() {
      return false;
    }

    @Override
    public void abort(String reason) {}

    @Override
    public void close() {}
  }

  @Test
  void overDeviceMemoryNothingIsFinishedUntilSomebodyAsks() {
    Device device = new Device();
    TensorCollective tensors = new TensorCollective(device);
    try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
      tensors.allReduce(manager.create(new float[] {1, 2}));
      tensors.broadcast(manager.create(new float[] {1, 2}), 1);
      tensors.allReduce(ByteBuffer.allocateDirect(8), Collective.Precision.FLOAT32);
      assertThat(device.calls).containsExactly("allReduce", "broadcast", "allReduce");
      tensors.confirm();
      tensors.agree();
      tensors.ruleOutALostRank();
      assertThat(device.calls.subList(3, 8))
          .containsExactly("finish", "finish", "barrier", "finish", "barrier");
    }
  }

  @Test
  void whatAllRanksToldIsBelievedWhenAllHaveHeardIt() {
    Device device = new Device();
    TensorCollective tensors = new TensorCollective(device);
    try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
      assertThat(tensors.allGather(new byte[] {7}, manager))
          .containsExactly(new byte[] {7}, new byte[] {0});
      assertThat(device.calls).containsExactly("allReduce", "finish", "finish", "barrier");
      device.loses = true;
      assertThatThrownBy(() -> tensors.allGather(new byte[] {7}, manager))
          .isInstanceOf(CollectiveException.class)
          .hasMessage("rank 1 was lost");
    }
  }

  private static byte[] bytes(int rank, int length) {
    byte[] bytes = new byte[length];
    new Random(rank).nextBytes(bytes);
    return bytes;
  }
}
