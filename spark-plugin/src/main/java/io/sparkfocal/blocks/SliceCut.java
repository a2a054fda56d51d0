package io.sparkfocal.blocks;

import io.sparkfocal.data.BlockSlice;
import java.util.ArrayList;
import java.util.List;

/** Cuts blocks into shares of equally many rows. */
final class SliceCut {

  private SliceCut() {}

  /**
   * As many shares as ranks, which differ by one row at most.
   *
   * @param blocks whole blocks, dealt in this order
   */
  static List<List<BlockSlice>> evenly(List<BlockSlice> blocks, int ranks) {
    long all = blocks.stream().mapToLong(BlockSlice::rows).sum();
    List<List<BlockSlice>> shares = new ArrayList<>();
    int block = 0;
    long begin = 0;
    for (int rank = 0; rank < ranks; rank++) {
      long from = all * rank / ranks;
      long to = all * (rank + 1) / ranks;
      List<BlockSlice> share = new ArrayList<>();
      while (block < blocks.size() && begin < to) {
        BlockSlice whole = blocks.get(block);
        int first = (int) Math.max(0, from - begin);
        int end = (int) Math.min(whole.rows(), to - begin);
        if (first < end) {
          share.add(new BlockSlice(whole.block(), first, end, whole.bytes(), whole.hash()));
        }
        if (end < whole.rows()) {
          break;
        }
        begin += whole.rows();
        block++;
      }
      shares.add(share);
    }
    return shares;
  }
}
