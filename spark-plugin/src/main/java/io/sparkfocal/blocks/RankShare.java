package io.sparkfocal.blocks;

import io.sparkfocal.data.BlockSlice;
import java.io.Serializable;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The rows of one rank, by name.
 *
 * @param store where the blocks are
 */
public record RankShare(BlockStore store, List<BlockSlice> training, List<BlockSlice> validation)
    implements Serializable {

  /** All slices. */
  Stream<BlockSlice> slices() {
    return Stream.concat(training.stream(), validation.stream());
  }

  /** Numbers of all blocks. */
  Set<Integer> numbers() {
    return slices().map(BlockSlice::block).collect(Collectors.toSet());
  }
}
