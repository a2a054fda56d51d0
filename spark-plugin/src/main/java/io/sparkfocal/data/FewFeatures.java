package io.sparkfocal.data;

import java.util.stream.IntStream;
import org.apache.spark.ml.linalg.DenseVector;
import org.apache.spark.ml.linalg.SparseVector;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.sql.Row;

/**
 * Reads wide vectors, most of whose values are 0, as the features that differ from a base.
 *
 * <p>The base is what a row of zeros is after standardization. Of a feature whose zero is far from
 * its mean the base is 0, since a difference of large numbers has few digits left: it is among the
 * features of every row. The same values give the same features, dense or sparse. Belongs to one
 * thread.
 */
public final class FewFeatures {

  /** In deviations. A feature that is 0 in half of the rows or more is nearer. */
  private static final float FAR = 1;

  private final FeatureValues check;
  private final Standardization standardization;
  private final int[] far;
  private final int[] at;
  private final float[] values;
  private int count;
  private int nextFar;

  /** For rows that have a vector as their only column. */
  public FewFeatures(FeatureLayout layout, Standardization standardization) {
    int width = standardization.means().length;
    this.check = new FeatureValues(layout, width);
    this.standardization = standardization;
    float[] base = base(standardization);
    this.far = IntStream.range(0, width).filter(i -> base[i] != zero(i)).toArray();
    this.at = new int[width];
    this.values = new float[width];
  }

  private float zero(int index) {
    return standardization.apply(0.0, index);
  }

  /** What features are where a row has none, shape (F). */
  public static float[] base(Standardization standardization) {
    float[] base = new float[standardization.means().length];
    for (int i = 0; i < base.length; i++) {
      float zero = standardization.apply(0.0, i);
      base[i] = Math.abs(zero) <= FAR ? zero : 0;
    }
    return base;
  }

  /**
   * Reads a row.
   *
   * @return how many of {@link #at} and {@link #values} are of this row
   * @throws IllegalArgumentException if the vector is null, of another size, or one of its values
   *     is not finite
   */
  public int read(Row row) {
    Vector vector = check.present(row.<Vector>getAs(0));
    check.size(vector.size());
    count = 0;
    nextFar = 0;
    if (vector instanceof SparseVector sparse) {
      for (int k = 0; k < sparse.indices().length; k++) {
        add(sparse.indices()[k], sparse.values()[k]);
      }
    } else {
      double[] dense = ((DenseVector) vector).values();
      for (int i = 0; i < dense.length; i++) {
        add(i, dense[i]);
      }
    }
    addFarZeros(values.length);
    return count;
  }

  private void add(int index, double value) {
    addFarZeros(index);
    float narrowed = check.narrow(value, index);
    if (nextFar < far.length && far[nextFar] == index) {
      nextFar++;
      put(index, standardization.apply(value, index));
    } else if (narrowed != 0) {
      put(index, standardization.apply(value, index) - zero(index));
    }
  }

  /** Those before an index that the row does not name. */
  private void addFarZeros(int index) {
    while (nextFar < far.length && far[nextFar] < index) {
      put(far[nextFar], zero(far[nextFar]));
      nextFar++;
    }
  }

  private void put(int index, float value) {
    at[count] = index;
    values[count++] = value;
  }

  /** Which features they are, in ascending order. */
  public int[] at() {
    return at;
  }

  /** What to add to the base there. */
  public float[] values() {
    return values;
  }
}
