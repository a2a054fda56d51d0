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
 * @param widths of these, how many each column has; empty where that is not known
 * @param missing rows with a missing feature
 * @param skipped rows that were left out for one
 * @param blocks in the order in which they were made
 * @param targets how many labels a row has that has several; 0 where it has a class
 * @param hasShares whether any of several labels lies between 0 and 1
 * @param classRows training rows of each class, up to the highest label seen in any row, or the sum
 *     of each of several labels, in parts of 2<sup>-16</sup>; where the validation rows were chosen
 *     here, these follow the training rows of each class
 * @param trainingWeight sum of the training rows' weights
 * @param validationWeight sum of the validation rows' weights
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record PartitionRows(
    int width,
    int[] widths,
    long missing,
    long skipped,
    List<BlockInfo> blocks,
    int targets,
    boolean hasShares,
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

  /** One label of a row among several, so that sums of shares are whole numbers. */
  private static final int LABEL = 1 << 16;

  /** Of a sum of labels, rounded. */
  static long rowsOfLabel(long sum) {
    return (sum + LABEL / 2) / LABEL;
  }

  /** Counts while rows are read. */
  static final class Tally {

    private final List<BlockInfo> blocks = new ArrayList<>();
    private long[] classRows = new long[2];
    private int classes;
    private double trainingWeight;
    private double validationWeight;
    private long missing;
    private long skipped;
    private int targets = -1;
    private boolean hasShares;
    private final boolean countsHeld;

    /** Counts, of each class, also the validation rows if told so, in turn with the others. */
    Tally(boolean countsHeld) {
      this.countsHeld = countsHeld;
    }

    void skip() {
      skipped++;
    }

    void addMissing() {
      missing++;
    }

    /** How many labels rows have; by the first one, which may be this. */
    int targets(ParsedRow row) {
      targets = targets < 0 ? row.targets().length : targets;
      return targets;
    }

    void add(ParsedRow row) {
      boolean validation = row.isValidation();
      if (validation) {
        validationWeight += row.weight();
      } else {
        trainingWeight += row.weight();
      }
      float[] several = row.targets();
      for (int label = 0; label < several.length; label++) {
        count(label, validation, Math.round(several[label] * LABEL));
        hasShares |= several[label] != Math.rint(several[label]);
      }
      if (several.length == 0) {
        count(row.label(), validation, 1);
      }
    }

    private void count(int label, boolean validation, int rows) {
      int place = countsHeld ? 2 * label + (validation ? 1 : 0) : label;
      classes = Math.max(classes, (countsHeld ? place | 1 : place) + 1);
      if (classes > classRows.length) {
        classRows = Arrays.copyOf(classRows, Math.max(classes, 2 * classRows.length));
      }
      classRows[place] += validation && !countsHeld ? 0 : rows;
    }

    /** Ends a block; returns its number. */
    int end(BlockBuilder.Block block, boolean validation) {
      blocks.add(
          new BlockInfo(
              block.rows(), block.bytes().length, validation, block.hash(), block.content()));
      return blocks.size() - 1;
    }

    PartitionRows end(int width, int... widths) {
      return new PartitionRows(
          width,
          widths,
          missing,
          skipped,
          List.copyOf(blocks),
          Math.max(0, targets),
          hasShares,
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
    out.writeInt(widths.length);
    for (int ofColumn : widths) {
      out.writeInt(ofColumn);
    }
    out.writeLong(missing);
    out.writeLong(skipped);
    out.writeInt(targets);
    out.writeBoolean(hasShares);
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
    int[] widths = new int[in.readInt()];
    for (int i = 0; i < widths.length; i++) {
      widths[i] = in.readInt();
    }
    long missing = in.readLong();
    long skipped = in.readLong();
    int targets = in.readInt();
    boolean hasShares = in.readBoolean();
    double trainingWeight = in.readDouble();
    double validationWeight = in.readDouble();
    List<BlockInfo> blocks = new ArrayList<>();
    for (int left = in.readInt(); left > 0; left--) {
      blocks.add(
          new BlockInfo(
              in.readInt(), in.readInt(), in.readBoolean(), in.readLong(), in.readLong()));
    }
    return new PartitionRows(
        width,
        widths,
        missing,
        skipped,
        List.copyOf(blocks),
        targets,
        hasShares,
        classRows,
        trainingWeight,
        validationWeight);
  }
}
