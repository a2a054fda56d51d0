package io.sparkfocal.train;

/**
 * Float32 values that are read a piece at a time: they may be more than an array holds, and lie on
 * the heap, in native memory, on a GPU or in a file.
 */
public interface Floats extends AutoCloseable {

  /** Values that are copied at once, 1 MiB. */
  int PIECE = 1 << 18;

  /** How many there are. */
  long size();

  /** Copies the values {@code at} to {@code at + length} into the first places of the array. */
  void get(long at, float[] target, int length);

  /** Gives back what holds them; values of the heap need that not. */
  @Override
  default void close() {}

  /** Those of the heap, shared with the array. */
  static Floats of(float... values) {
    return new Floats() {
      @Override
      public long size() {
        return values.length;
      }

      @Override
      public void get(long at, float[] target, int length) {
        System.arraycopy(values, (int) at, target, 0, length);
      }
    };
  }

  /** Some of these, which have to stay open. */
  default Floats part(long from, long size) {
    Floats whole = this;
    return new Floats() {
      @Override
      public long size() {
        return size;
      }

      @Override
      public void get(long at, float[] target, int length) {
        whole.get(from + at, target, length);
      }
    };
  }

  /**
   * All of them.
   *
   * @throws ArithmeticException if they are more than an array holds
   */
  default float[] toArray() {
    float[] all = new float[Math.toIntExact(size())];
    get(0, all, all.length);
    return all;
  }
}
