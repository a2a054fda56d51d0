package io.sparkfocal.train;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDManager;
import io.sparkfocal.collective.Collective;
import io.sparkfocal.collective.TensorCollective;
import io.sparkfocal.collective.local.LocalGroup;
import io.sparkfocal.testing.Ranks;
import java.time.Duration;
import java.util.List;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class RankTotalsTest {

  private static <T> List<T> onThree(Function<RankTotals, T> work, int mostValues) {
    LocalGroup group = LocalGroup.of(3, Duration.ofSeconds(30));
    List<Collective> ranks = IntStream.range(0, 3).mapToObj(group::member).toList();
    try {
      return Ranks.run(
          ranks,
          c -> {
            try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
              return work.apply(new RankTotals(new TensorCollective(c), manager, mostValues));
            }
          });
    } finally {
      ranks.forEach(Collective::close);
    }
  }

  @Test
  void wholeNumbersAreAddedExactly() {
    double[] own = {0, 1, 4095, 4096, 16_777_217, (1L << 34) + 4097, 12_345_678_901L};
    for (int mostValues : new int[] {1, 3, 100}) {
      assertThat(onThree(ranks -> ranks.sum(own), mostValues))
          .allSatisfy(
              sums -> {
                for (int i = 0; i < own.length; i++) {
                  assertThat(sums[i]).isEqualTo(3 * own[i]);
                }
              });
    }
  }

  @Test
  void otherNumbersAreAddedWithin24Bits() {
    double[] own = {0.1, 1e-9, 1e6 / 3, 1e12 / 7, -2.25};
    double[] sums = onThree(ranks -> ranks.sum(own), 100).get(1);
    for (int i = 0; i < own.length; i++) {
      assertThat(sums[i]).isCloseTo(3 * own[i], Offset.offset(1e-7 * Math.abs(3 * own[i])));
    }
    assertThat(onThree(ranks -> ranks.sum(new double[] {Double.NaN}), 100).get(0))
        .containsExactly(Double.NaN);
  }

  @Test
  void numbersOfAllRanksAreByRank() {
    int[] own = {Integer.MIN_VALUE, -1, Integer.MAX_VALUE, 7};
    assertThat(onThree(ranks -> ranks.gather(own), 100))
        .allSatisfy(all -> assertThat(all).containsExactly(own, own, own));
  }
}
