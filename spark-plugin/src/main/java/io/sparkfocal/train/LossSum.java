package io.sparkfocal.train;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;

/** Mean of -log p of the true class. */
final class LossSum implements MetricSums {

  /** Sums that are multiples of 1 over this add up exactly, up to 2^33. */
  private static final double GRID = 0x1p20;

  private double sum;
  private long rows;
  private double[] odds = {};

  @Override
  public void add(int label, double[] scores, int predicted) {
    if (odds.length != scores.length) {
      odds = new double[scores.length];
    }
    LogOdds.of(scores, odds);
    // -log p is the softplus of minus the log odds.
    double against = -odds[label];
    sum += Math.max(against, 0) + Math.log1p(Math.exp(-Math.abs(against)));
    rows++;
  }

  @Override
  public void add(DataInput written) throws IOException {
    sum += written.readDouble();
    rows += written.readLong();
  }

  @Override
  public void write(DataOutput to) throws IOException {
    to.writeDouble(Math.rint(sum * GRID) / GRID);
    to.writeLong(rows);
  }

  @Override
  public double value() {
    return sum / rows;
  }
}
