package io.sparkfocal.data;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * What one partition of the input is: its blocks, and what was counted on the way.
 *
 * @param width features of a row; 0 without rows
 * @param blocks in the order in which they were made
 * @param classRows training rows of each class, up to the highest label seen in any row
 * @param trainingWeight sum of the training rows' weights
 * @param validationWeight sum of the validation rows' weights
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record PartitionRows(
    int width,
    List<BlockInfo> blocks,
    long[] classRows,
    double trainingWeight,
    double validationWeight) {

  /**
   * One block.
   *
   * @param rows how many
   * @param bytes its size
   * @param validation whether the rows are to validate on
   * @param hash of all values, in their order
   * @param content sum of a hash of each row, which no order changes
   */
  public record BlockInfo(int rows, int bytes, boolean validation, long hash, long content) {}

  /** Counts while rows are read. */
  static final class Tally {

    private final List<BlockInfo> blocks = new ArrayList<>();
    private long[] classRows = new long[2];
    private int classes;
    private double trainingWeight;
    private double validationWeight;

    void add(int label, float weight, boolean validation) {
      classes = Math.max(classes, label + 1);
      if (classes > classRows.length) {
        classRows = Arrays.copyOf(classRows, Math.max(classes, 2 * classRows.length));
      }
      if (validation) {
        validationWeight += weight;
      } else {
        trainingWeight += weight;
        classRows[label]++;
      }
    }

    /** Ends a block; returns its number. */
    int end(BlockBuilder.Block block, boolean validation) {
      blocks.add(
          new BlockInfo(
              block.rows(), block.bytes().length, validation, block.hash(), block.content()));
      return blocks.size() - 1;
    }

    PartitionRows end(int width) {
      return new PartitionRows(
          width,
          List.copyOf(blocks),
          Arrays.copyOf(classRows, classes),
          trainingWeight,
          validationWeight);
    }
  }

  /** Whether the blocks are the same, value by value. */
  public boolean isSame(PartitionRows other) {
    return blocks.equals(other.blocks);
  }

  /** Writes all but the counts of each class. */
  public void write(DataOutput out) throws IOException {
    out.writeInt(width);
    out.writeDouble(trainingWeight);
    out.writeDouble(validationWeight);
    out.writeInt(blocks.size());
    for (BlockInfo block : blocks) {
      out.writeInt(block.rows());
      out.writeInt(block.bytes());
      out.writeBoolean(block.validation());
      out.writeLong(block.hash());
      out.writeLong(block.content());
    }
  }

  /** Reads what {@link #write} wrote. */
  public static PartitionRows read(DataInput in, long... classRows) throws IOException {
    int width = in.readInt();
    double trainingWeight = in.readDouble();
    double validationWeight = in.readDouble();
    List<BlockInfo> blocks = new ArrayList<>();
    for (int left = in.readInt(); left > 0; left--) {
      blocks.add(
          new BlockInfo(
              in.readInt(), in.readInt(), in.readBoolean(), in.readLong(), in.readLong()));
    }
    return new PartitionRows(
        width, List.copyOf(blocks), classRows, trainingWeight, validationWeight);
  }
}
