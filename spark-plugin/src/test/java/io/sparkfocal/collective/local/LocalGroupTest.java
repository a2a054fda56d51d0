package io.sparkfocal.collective.local;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkfocal.collective.Collective;
import io.sparkfocal.collective.CollectiveContract;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class LocalGroupTest extends CollectiveContract {

  @Override
  protected List<Collective> group(int world, Duration timeout) {
    LocalGroup group = LocalGroup.of(world, timeout);
    return IntStream.range(0, world).mapToObj(group::member).toList();
  }

  @Test
  void aGroupNeedsARankAndKnowsItsOwn() {
    assertThatThrownBy(() -> LocalGroup.of(0, Duration.ofSeconds(1)))
        .hasMessage("A group of 0 ranks; it needs at least 1.");
    assertThatThrownBy(() -> LocalGroup.of(2, Duration.ofSeconds(1)).member(2))
        .hasMessage("Rank 2 is none of 0 to 1.");
  }
}
