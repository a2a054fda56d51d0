package io.sparkfocal.network;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class CounterRandomTest {

  @Test
  void everyKeyChangesTheSequence() {
    Set<Long> firsts = new HashSet<>();
    for (long seed = 0; seed < 10; seed++) {
      for (long step = 0; step < 10; step++) {
        for (long rank = 0; rank < 10; rank++) {
          firsts.add(CounterRandom.keyed(seed, step, rank).nextLong());
        }
      }
    }
    assertThat(firsts).hasSize(1000);
    assertThat(CounterRandom.keyed(1, 2).nextLong())
        .isEqualTo(CounterRandom.keyed(1, 2).nextLong())
        .isNotEqualTo(CounterRandom.keyed(2, 1).nextLong());
  }

  @Test
  void floatsAreUniform() {
    CounterRandom random = CounterRandom.keyed(9);
    int[] bins = new int[10];
    for (int i = 0; i < 100_000; i++) {
      float value = random.nextFloat();
      assertThat(value).isGreaterThanOrEqualTo(0).isLessThan(1);
      bins[(int) (value * 10)]++;
    }
    for (int bin : bins) {
      assertThat(bin).isBetween(9_600, 10_400);
    }
  }

  @Test
  void intsStayBelowTheirBoundAndReachIt() {
    CounterRandom random = CounterRandom.keyed(3);
    Set<Integer> seen = new HashSet<>();
    for (int i = 0; i < 1000; i++) {
      seen.add(random.nextInt(7));
    }
    assertThat(seen).containsExactlyInAnyOrder(0, 1, 2, 3, 4, 5, 6);
    assertThat(random.nextInt(1)).isZero();
  }
}
