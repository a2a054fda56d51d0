package io.sparkfocal.collective;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkfocal.collective.local.LocalGroup;
import io.sparkfocal.testing.Ranks;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Even ranks as if in one JVM and odd ones in another. */
class HierarchicalCollectiveTest extends CollectiveContract {

  @Override
  protected List<Collective> group(int world, Duration timeout) {
    int[] leaderOf = IntStream.range(0, world).map(rank -> rank % 2).toArray();
    int[] placeOf = IntStream.range(0, world).map(rank -> rank / 2).toArray();
    // Between JVMs first, so that a rank is missed by a leader.
    Duration longer = timeout.multipliedBy(2);
    LocalGroup leaders = LocalGroup.of(Math.min(2, world), timeout);
    LocalGroup even = LocalGroup.of((world + 1) / 2, longer);
    LocalGroup odd = world > 1 ? LocalGroup.of(world / 2, longer) : even;
    List<Collective> ranks = new ArrayList<>();
    for (int rank = 0; rank < world; rank++) {
      ranks.add(
          new HierarchicalCollective(
              rank,
              (rank % 2 == 0 ? even : odd).member(rank / 2),
              rank < 2 ? leaders.member(rank) : null,
              leaderOf,
              placeOf));
    }
    return ranks;
  }

  @Test
  void aGroupOfOneJvmSumsAsARingWould() throws Exception {
    int world = 3;
    LocalGroup group = LocalGroup.of(world, Duration.ofSeconds(20));
    List<Collective> ranks = IntStream.range(0, world).mapToObj(group::member).toList();
    // In float32, 1e8 + 1 is 1e8: the order shows.
    float[][] terms = {{1e8f, 1e8f, 1e8f}, {1, 1, 1}, {-1e8f, -1e8f, -1e8f}};
    List<float[]> sums = Ranks.run(ranks, c -> allReduced(c, terms[c.rank()]));
    // Segment s begins at rank s and goes round: (a + b) + c, (b + c) + a, (c + a) + b.
    assertThat(sums).allSatisfy(sum -> assertThat(sum).containsExactly(0, 0, 1));
    ranks.forEach(Collective::close);
  }
}
