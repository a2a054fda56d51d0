package io.sparkfocal.data;

import java.util.ArrayList;
import java.util.List;

/** Rows in blocks of the heap, as a rank has them. */
final class BuiltRows {

  private final int width;
  private final List<byte[]> blocks = new ArrayList<>();
  private final List<BlockSlice> slices = new ArrayList<>();

  BuiltRows(int width) {
    this.width = width;
  }

  /** Features, label, weight of each row; as many blocks as their size asks for. */
  static BuiltRows of(int width, double[]... rows) {
    BuiltRows built = new BuiltRows(width);
    BlockBuilder builder = new NumberBlockBuilder(width, false, 0);
    for (double[] row : rows) {
      double[] features = java.util.Arrays.copyOf(row, width);
      builder.add(dense(features, (int) row[width], (float) row[width + 1]));
      if (builder.isFull()) {
        built.add(builder.take());
      }
    }
    built.addRest(builder);
    return built;
  }

  static ParsedRow dense(double[] values, int label, float weight) {
    ParsedRow row = new ParsedRow();
    System.arraycopy(values, 0, row.values(values.length), 0, values.length);
    row.endValues(-1);
    row.end(label, weight, false);
    return row;
  }

  static ParsedRow sparse(int width, int[] indices, double[] values, int label, float weight) {
    ParsedRow row = new ParsedRow();
    System.arraycopy(values, 0, row.values(width), 0, values.length);
    System.arraycopy(indices, 0, row.indices(indices.length), 0, indices.length);
    row.endValues(indices.length);
    row.end(label, weight, false);
    return row;
  }

  void addRest(BlockBuilder builder) {
    while (builder.rows() > 0) {
      add(builder.take());
    }
  }

  void add(BlockBuilder.Block block) {
    int number = blocks.size();
    blocks.add(block.bytes());
    slices.add(new BlockSlice(number, 0, block.rows(), block.bytes().length, block.hash()));
  }

  List<BlockSlice> slices() {
    return slices;
  }

  List<byte[]> blocks() {
    return blocks;
  }

  RowBlock block(int number) {
    return new RowBlock(blocks.get(number));
  }

  ShardRows shard() {
    return new ShardRows(width, 0, slices, slice -> blocks.get(slice.block()));
  }

  RowCursor ordered() {
    return new RowCursor(shard().ordered(), width, 0, Standardization.none(width), null);
  }

  RowCursor shuffled(io.sparkfocal.train.Shuffle shuffle) {
    return new RowCursor(shard().shuffled(shuffle), width, 0, Standardization.none(width), null);
  }

  RankRows asRank() {
    return new RankRows(
        width,
        0,
        FeaturePlan.numbers(true),
        false,
        slices,
        List.of(),
        slice -> blocks.get(slice.block()));
  }
}
