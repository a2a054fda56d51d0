package io.sparkfocal.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.sparkfocal.collective.TensorCollective;
import io.sparkfocal.compat.TensorCopy;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;

/**
 * What ranks tell each other of their rows when all are done with them. Every rank makes the same
 * calls and gets the same answers.
 */
final class RankTotals {

  /** A value travels as its multiple of 4,096, what is left of its whole part, and a rest. */
  private static final int PARTS = 3;

  private static final double DIGIT = 0x1p12;

  private final TensorCollective collective;
  private final NDManager manager;
  private final int mostValues;

  /** Of a rank. */
  RankTotals(TensorCollective collective, NDManager manager) {
    this(collective, manager, 1 << 18);
  }

  /** As above, with at most that many values in one operation. */
  RankTotals(TensorCollective collective, NDManager manager, int mostValues) {
    this.collective = collective;
    this.manager = manager;
    this.mostValues = mostValues;
  }

  /**
   * Sums over ranks: whole numbers exactly, for up to 4,096 ranks and sums below 2^36, others to
   * the 24 bits of float32 at least.
   *
   * @param own of this rank; as many on every rank
   */
  double[] sum(double[] own) {
    double[] all = new double[own.length];
    for (int from = 0; from < own.length; from += mostValues) {
      int length = Math.min(mostValues, own.length - from);
      float[] sums = sum(parts(own, from, length));
      for (int i = 0; i < length; i++) {
        all[from + i] =
            sums[PARTS * i] * DIGIT + sums[PARTS * i + 1] + (double) sums[PARTS * i + 2];
      }
    }
    return all;
  }

  private static float[] parts(double[] values, int from, int length) {
    float[] parts = new float[PARTS * length];
    for (int i = 0; i < length; i++) {
      double whole = Math.floor(values[from + i]);
      double digits = Math.floor(whole / DIGIT);
      parts[PARTS * i] = (float) digits;
      parts[PARTS * i + 1] = (float) (whole - digits * DIGIT);
      parts[PARTS * i + 2] = (float) (values[from + i] - whole);
    }
    return parts;
  }

  private float[] sum(float[] values) {
    try (NDArray tensor = manager.create(values)) {
      collective.allReduce(tensor);
      float[] sums = TensorCopy.floats(tensor);
      collective.confirm();
      return sums;
    }
  }

  /**
   * The numbers of all ranks, by rank.
   *
   * @param own of this rank; as many on every rank
   */
  List<int[]> gather(int... own) {
    ByteBuffer bytes = ByteBuffer.allocate(Integer.BYTES * own.length);
    Arrays.stream(own).forEach(bytes::putInt);
    return collective.allGather(bytes.array(), manager).stream()
        .map(
            gathered -> {
              int[] numbers = new int[own.length];
              ByteBuffer.wrap(gathered).asIntBuffer().get(numbers);
              return numbers;
            })
        .toList();
  }
}
