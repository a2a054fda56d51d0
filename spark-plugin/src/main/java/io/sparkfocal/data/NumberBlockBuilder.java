package io.sparkfocal.data;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;

/**
 * Rows of numbers, all dense or all sparse.
 *
 * <p>A value travels as a float32 and, in columns where that is not enough, what it lacks as a
 * second one: where a value of 2<sup>24</sup> or more is no float32 (times in milliseconds, dates
 * as yyyymmdd, ids), and where all values of a column in a block, of eight rows at least, differ by
 * less than 1/256 of their size.
 */
final class NumberBlockBuilder implements BlockBuilder {

  /** From here on float32 does not hold every integer. */
  static final double LARGE = 0x1p24;

  static final double NARROW = 0x1p-8;
  private static final int FEWEST = 64;

  /** Fewer rows are near to each other by chance. */
  private static final int FEWEST_TO_JUDGE = 8;

  private final int width;
  private final boolean sparse;
  private final RowLabels labels;
  private int rows;
  private int stored;
  private double[] values;
  private float[] narrow;
  private float largest;
  private int last;

  /** Whether the first rows show that float32 suffices; no float64 of those after them is kept. */
  private boolean isWide;

  private int[] indices = {};
  private int[] starts = {};
  private TextDictionaries texts = new TextDictionaries();

  /**
   * For rows of that form.
   *
   * @param targets of a row with several labels; 0 where it has one class
   */
  NumberBlockBuilder(int width, boolean sparse, int targets) {
    this.width = width;
    this.labels = new RowLabels(targets);
    this.sparse = sparse;
    this.values = new double[sparse ? FEWEST : width];
    this.narrow = new float[values.length];
    if (sparse) {
      indices = new int[FEWEST];
      starts = new int[FEWEST + 1];
    }
  }

  @Override
  public int rows() {
    return rows;
  }

  @Override
  public boolean isFull() {
    return rows > 0 && bytes(rows + 1L, (long) stored + last, 0) + texts.bytes() > BYTES;
  }

  private long bytes(long ofRows, long ofStored, long low) {
    long numbers =
        RowBlock.HEADER_INTS
            + labels.numbers(ofRows)
            + (sparse ? ofRows + 1 + 2 * ofStored : ofStored)
            + low;
    return numbers * Float.BYTES;
  }

  @Override
  public void add(ParsedRow row) {
    if (isWide && (row.largest() >= LARGE || row.texts() > 0)) {
      keepDoubles();
    }
    int count = row.count();
    grow(count);
    if (isWide) {
      row.copyTo(narrow, stored);
    } else {
      row.copyTo(values, narrow, indices, stored);
    }
    for (int i = 0; i < row.texts(); i++) {
      int at = stored + row.textAt(i);
      values[at] = texts.code(row.textAt(i), row.text(i));
      narrow[at] = (float) values[at];
    }
    labels.add(row);
    largest = Math.max(largest, row.largest());
    last = count;
    stored += count;
    rows++;
    if (sparse) {
      starts[rows] = stored;
    }
    if (rows == FEWEST) {
      isWide = !sparse && texts.isEmpty() && largest < LARGE && areWide(FEWEST);
    }
  }

  /** After some rows of which only float32 was kept. */
  private void keepDoubles() {
    isWide = false;
    values = Arrays.copyOf(values, narrow.length);
    for (int i = FEWEST * width; i < stored; i++) {
      values[i] = narrow[i];
    }
  }

  private void grow(int count) {
    if (!isWide && stored + count > values.length) {
      values = Arrays.copyOf(values, length(values.length, count));
    }
    if (stored + count > narrow.length) {
      narrow = Arrays.copyOf(narrow, length(narrow.length, count));
      if (sparse) {
        indices = Arrays.copyOf(indices, narrow.length);
      }
    }
    if (sparse && rows + 1 == starts.length) {
      starts = Arrays.copyOf(starts, 2 * rows + 1);
    }
  }

  private int length(int before, int count) {
    return (int) Math.max(stored + (long) count, Math.min(2L * before, most()));
  }

  /** Values that are ever held, but for those of one row. */
  private long most() {
    return BYTES / Float.BYTES + (long) width;
  }

  @Override
  public Block take() {
    int[] lowColumns = lowColumns();
    int count = rows;
    while (count > 1 && bytes(count, lowColumns, textsOf(count)) > BYTES) {
      count -= Math.max(1, count / 16);
    }
    Block block = block(count, lowColumns);
    drop(count);
    return block;
  }

  private long bytes(int count, int[] lowColumns, Map<Integer, Integer> ofTexts) {
    return bytes(count, stored(count), low(count, lowColumns)) + texts.bytes(ofTexts);
  }

  /** How many texts of each feature the first rows have; their numbers are the smallest. */
  private Map<Integer, Integer> textsOf(int count) {
    Map<Integer, Integer> found = new TreeMap<>();
    for (int feature : texts.features()) {
      int most = 0;
      for (int row = 0; row < count; row++) {
        double code = values[row * width + feature];
        most = code + 1 > most ? (int) code + 1 : most;
      }
      if (most > 0) {
        found.put(feature, most);
      }
    }
    return found;
  }

  private int stored(int ofRows) {
    return sparse ? starts[ofRows] : ofRows * width;
  }

  /** Numbers that low parts take, with the columns that have them. */
  private long low(int ofRows, int[] lowColumns) {
    return lowColumns.length == 0
        ? 0
        : lowColumns.length + (sparse ? stored(ofRows) : (long) lowColumns.length * ofRows);
  }

  private int column(int place) {
    return sparse ? indices[place] : place % width;
  }

  /** Those in which float32 does not suffice. */
  private int[] lowColumns() {
    if (isWide || (largest < LARGE && !sparse && areWide(Math.min(rows, FEWEST)))) {
      return new int[0];
    }
    double[] least = new double[width];
    double[] most = new double[width];
    int[] given = new int[width];
    Arrays.fill(least, Double.POSITIVE_INFINITY);
    Arrays.fill(most, Double.NEGATIVE_INFINITY);
    if (sparse) {
      for (int i = 0; i < stored; i++) {
        int column = indices[i];
        least[column] = values[i] < least[column] ? values[i] : least[column];
        most[column] = values[i] > most[column] ? values[i] : most[column];
        given[column]++;
      }
    } else {
      for (int at = 0; at < stored; at += width) {
        for (int i = 0; i < width; i++) {
          // Not with the methods of Math, which make NaN of what is missing.
          double value = values[at + i];
          least[i] = value < least[i] ? value : least[i];
          most[i] = value > most[i] ? value : most[i];
        }
      }
      Arrays.fill(given, rows);
    }
    boolean[] candidates = new boolean[width];
    boolean any = false;
    for (int i = 0; i < width; i++) {
      double largest = given[i] == 0 ? 0 : Math.max(-least[i], most[i]);
      // A sparse row that does not name a column has 0 there, which is far.
      boolean isNarrow =
          rows >= FEWEST_TO_JUDGE && given[i] == rows && most[i] - least[i] < NARROW * largest;
      candidates[i] = largest >= LARGE || isNarrow;
      any |= candidates[i];
    }
    return any ? inexact(candidates) : new int[0];
  }

  /** Whether the first rows of dense ones show that no column of all of them is narrow. */
  private boolean areWide(int first) {
    for (int column = 0; column < width; column++) {
      double least = Double.POSITIVE_INFINITY;
      double most = Double.NEGATIVE_INFINITY;
      for (int at = column; at < first * width; at += width) {
        least = values[at] < least ? values[at] : least;
        most = values[at] > most ? values[at] : most;
      }
      // The largest of all rows is at most this one and their range.
      if ((most - least) * (1 - NARROW) < NARROW * Math.max(-least, most)) {
        return false;
      }
    }
    return true;
  }

  private int[] inexact(boolean[] candidates) {
    boolean[] found = new boolean[width];
    for (int i = 0; i < stored; i++) {
      int column = column(i);
      found[column] |= candidates[column] && isInexact(values[i]);
    }
    return IntStream.range(0, width).filter(i -> found[i]).toArray();
  }

  private Block block(int count, int[] lowColumns) {
    int ofRows = stored(count);
    Map<Integer, Integer> ofTexts = textsOf(count);
    int length = Math.toIntExact(bytes(count, lowColumns, ofTexts));
    byte[] bytes = new byte[length];
    ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    int flags =
        (sparse ? RowBlock.SPARSE : 0) | labels.flags() | (ofTexts.isEmpty() ? 0 : RowBlock.TEXTS);
    buffer.putInt(count).putInt(width).putInt(flags).putInt(lowColumns.length).putInt(ofRows);
    buffer.putInt(labels.targets());
    labels.put(buffer, count);
    if (sparse) {
      put(buffer, starts, count + 1);
      put(buffer, indices, ofRows);
    }
    put(buffer, narrow, ofRows);
    put(buffer, lowColumns, lowColumns.length);
    if (lowColumns.length > 0) {
      putLow(buffer, count, lowColumns);
    }
    texts.write(buffer, ofTexts);
    return Block.of(bytes);
  }

  private void putLow(ByteBuffer buffer, int count, int[] lowColumns) {
    if (sparse) {
      boolean[] hasLow = new boolean[width];
      for (int column : lowColumns) {
        hasLow[column] = true;
      }
      for (int i = 0; i < starts[count]; i++) {
        buffer.putFloat(hasLow[indices[i]] ? (float) (values[i] - narrow[i]) : 0);
      }
      return;
    }
    for (int row = 0; row < count; row++) {
      for (int column : lowColumns) {
        int at = row * width + column;
        buffer.putFloat((float) (values[at] - narrow[at]));
      }
    }
  }

  /** Keeps the texts of the rows that are left. */
  private void renumberTexts() {
    TextDictionaries left = new TextDictionaries();
    for (int row = 0; row < rows && !texts.isEmpty(); row++) {
      for (int feature : texts.features()) {
        int at = row * width + feature;
        if (!Double.isNaN(values[at])) {
          values[at] = left.code(feature, texts.text(feature, (int) values[at]));
          narrow[at] = (float) values[at];
        }
      }
    }
    texts = left;
  }

  private static boolean isInexact(double value) {
    return (float) value != value && !Double.isNaN(value);
  }

  static void put(ByteBuffer buffer, int[] from, int count) {
    buffer.asIntBuffer().put(from, 0, count);
    buffer.position(buffer.position() + count * Integer.BYTES);
  }

  static void put(ByteBuffer buffer, float[] from, int count) {
    FloatBuffer floats = buffer.asFloatBuffer();
    floats.put(from, 0, count);
    buffer.position(buffer.position() + count * Float.BYTES);
  }

  private void drop(int count) {
    int gone = stored(count);
    if (isWide && gone < stored) {
      keepDoubles();
    }
    isWide = false;
    System.arraycopy(values, Math.min(gone, values.length), values, 0, stored - gone);
    System.arraycopy(narrow, gone, narrow, 0, stored - gone);
    labels.drop(count);
    if (sparse) {
      System.arraycopy(indices, gone, indices, 0, stored - gone);
      for (int row = 0; row <= rows - count; row++) {
        starts[row] = starts[count + row] - gone;
      }
    }
    rows -= count;
    stored -= gone;
    renumberTexts();
    largest = rows == 0 ? 0 : largest;
  }
}
