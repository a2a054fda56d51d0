package io.sparkfocal.data;

import io.sparkfocal.data.BlockBuilder.Block;
import org.jspecify.annotations.Nullable;

/** Puts the rows of a partition into blocks: dense and sparse ones, for training and validation. */
final class BlockWriter {

  private final RowReader.Sink sink;
  private final FeatureLayout features;
  private final PartitionRows.Tally tally;
  private final @Nullable HeldRows held;
  private final LabelCheck check;
  private final @Nullable BlockBuilder[] builders = new BlockBuilder[4];
  private int width;

  /** Hands blocks to the sink. */
  BlockWriter(TrainingColumns columns, RowReader.Sink sink) {
    this.features = columns.features();
    this.check = new LabelCheck(columns.label(), columns.weight());
    double fraction = columns.validationFraction();
    this.tally = new PartitionRows.Tally(fraction > 0);
    this.held = fraction > 0 ? new HeldRows(fraction) : null;
    this.sink = sink;
  }

  /**
   * Adds a row.
   *
   * @throws IllegalArgumentException if it has more or fewer features than those before
   */
  void add(ParsedRow row) {
    if (width == 0) {
      width = row.width();
    } else if (row.width() != width) {
      features.requireWidth(row.width(), width);
    }
    check.requireTargets(row.targets().length, tally.targets(row));
    if (held != null) {
      row.hold(held.isHeld(row.featureHash()));
    }
    tally.add(row);
    if (row.hasMissing()) {
      tally.addMissing();
    }
    BlockBuilder builder = builder(row);
    builder.add(row);
    if (builder.isFull()) {
      take(builder, row.isValidation());
    }
  }

  private BlockBuilder builder(ParsedRow row) {
    int place = (row.isValidation() ? 2 : 0) + (row.isSparse() ? 1 : 0);
    BlockBuilder builder = builders[place];
    if (builder == null) {
      int targets = row.targets().length;
      builder =
          row.hasPixels()
              ? new PixelBlockBuilder(width, targets)
              : new NumberBlockBuilder(width, row.isSparse(), targets);
      builders[place] = builder;
    }
    return builder;
  }

  private void take(BlockBuilder builder, boolean validation) {
    Block block = builder.take();
    sink.put(tally.end(block, validation), block.bytes());
  }

  /** Counts a row that is left out. */
  void skip() {
    tally.skip();
  }

  /**
   * Ends the last blocks.
   *
   * @param widths how many features each column has; empty where that is not known
   */
  PartitionRows end(int... widths) {
    for (int place = 0; place < builders.length; place++) {
      BlockBuilder builder = builders[place];
      while (builder != null && builder.rows() > 0) {
        take(builder, place >= 2);
      }
    }
    return tally.end(width, widths);
  }
}
