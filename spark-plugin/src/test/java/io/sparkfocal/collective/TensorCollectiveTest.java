package io.sparkfocal.collective;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDManager;
import io.sparkfocal.collective.local.LocalGroup;
import io.sparkfocal.testing.Ranks;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
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

  private static byte[] bytes(int rank, int length) {
    byte[] bytes = new byte[length];
    new Random(rank).nextBytes(bytes);
    return bytes;
  }
}
