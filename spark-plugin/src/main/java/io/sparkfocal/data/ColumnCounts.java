package io.sparkfocal.data;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.apache.commons.math3.distribution.NormalDistribution;
import org.apache.spark.unsafe.types.UTF8String;

/** How often each value of a feature is in a sample, and the encoding that follows. */
final class ColumnCounts {

  /** A number with more values has so many knots, half at equal ranks and half at equal scores. */
  private static final int KNOTS = 128;

  /** A rarer value of a category has no index of its own. */
  private static final long FEWEST = 5;

  private static final NormalDistribution NORMAL = new NormalDistribution(null, 0, 1);

  private final boolean isCategory;
  private final TreeMap<Double, Long> numbers = new TreeMap<>();
  private final Map<String, Long> texts = new HashMap<>();
  private long missing;

  ColumnCounts(boolean isCategory) {
    this.isCategory = isCategory;
  }

  /** Counts the values of a feature. */
  void add(List<TableSample.Entry> rows, int feature) {
    Map<Object, Long> counts = new HashMap<>();
    for (TableSample.Entry row : rows) {
      double value = row.values()[feature];
      UTF8String text = row.texts().length == 0 ? null : row.texts()[feature];
      if (Double.isNaN(value)) {
        missing += row.count();
      } else if (text == null || !isCategory) {
        counts.merge(value, row.count(), Long::sum);
      } else if (!text.equals(TableSample.TOO_LONG)) {
        counts.merge(text, row.count(), Long::sum);
      }
    }
    counts.forEach(
        (value, count) -> {
          if (isCategory) {
            String text =
                value instanceof Double number ? CategoryEncoding.text(number) : value.toString();
            texts.merge(text, count, Long::sum);
          } else {
            numbers.merge((Double) value, count, Long::sum);
          }
        });
  }

  /** As bytes. */
  byte[] encode() {
    int length = 2 * Long.BYTES + 2 * Long.BYTES * numbers.size();
    List<byte[]> encoded = new ArrayList<>();
    for (String text : texts.keySet()) {
      byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
      encoded.add(bytes);
      length += Integer.BYTES + bytes.length + Long.BYTES;
    }
    ByteBuffer buffer = ByteBuffer.allocate(length);
    buffer.putLong(missing).putInt(numbers.size()).putInt(texts.size());
    numbers.forEach((value, count) -> buffer.putDouble(value).putLong(count));
    int next = 0;
    for (long count : texts.values()) {
      byte[] text = encoded.get(next++);
      buffer.putInt(text.length).put(text).putLong(count);
    }
    return buffer.array();
  }

  /** Adds what {@link #encode} wrote. */
  void add(ByteBuffer buffer) {
    missing += buffer.getLong();
    int ofNumbers = buffer.getInt();
    int ofTexts = buffer.getInt();
    for (int i = 0; i < ofNumbers; i++) {
      numbers.merge(buffer.getDouble(), buffer.getLong(), Long::sum);
    }
    for (int i = 0; i < ofTexts; i++) {
      byte[] text = new byte[buffer.getInt()];
      buffer.get(text);
      texts.merge(new String(text, StandardCharsets.UTF_8), buffer.getLong(), Long::sum);
    }
  }

  /**
   * The encoding of the feature.
   *
   * @param mostValues of a category that have an index of their own
   */
  TableEncoding.Feature feature(String name, int mostValues) {
    return isCategory
        ? new TableEncoding.Feature(name, null, category(mostValues), missing > 0)
        : new TableEncoding.Feature(name, number(), null, missing > 0);
  }

  /** The most frequent first, in the order of texts where they are as frequent. */
  private CategoryEncoding category(int most) {
    return new CategoryEncoding(
        texts.entrySet().stream()
            .filter(entry -> entry.getValue() >= FEWEST)
            .sorted(
                Map.Entry.<String, Long>comparingByValue(Comparator.reverseOrder())
                    .thenComparing(Map.Entry.comparingByKey()))
            .limit(most)
            .map(Map.Entry::getKey)
            .toList());
  }

  private NumberEncoding number() {
    boolean exact = isExact();
    NavigableMap<Double, Long> held = exact ? numbers : narrowed();
    double[] values = held.keySet().stream().mapToDouble(Double::doubleValue).toArray();
    long[] counts = held.values().stream().mapToLong(Long::longValue).toArray();
    if (values.length < 2) {
      double only = values.length == 0 ? 0 : values[0];
      // Rows that the sample has not got may differ.
      return new NumberEncoding(
          new double[0], new double[0], only, 1 / Math.max(1, Math.abs(only)), exact);
    }
    Ranks ranks = new Ranks(values, counts);
    double quarter = ranks.valueAt(0.25);
    double range = ranks.valueAt(0.75) - quarter;
    double scale = range > 0 ? 1 / range : 2 / (values[values.length - 1] - values[0]);
    int[] knots = ranks.knots();
    double[] scores = standardized(ranks, knots);
    return new NumberEncoding(
        IntStream.of(knots).mapToDouble(i -> values[i]).toArray(),
        scores,
        ranks.valueAt(0.5),
        scale,
        exact);
  }

  /**
   * Whether the values are large, or differ by little of their size, see {@link
   * NumberBlockBuilder}.
   */
  private boolean isExact() {
    if (numbers.isEmpty()) {
      return false;
    }
    double least = numbers.firstKey();
    double most = numbers.lastKey();
    double largest = Math.max(-least, most);
    return largest >= NumberBlockBuilder.LARGE
        || most - least < NumberBlockBuilder.NARROW * largest;
  }

  /** As float32 holds them: whether a block has more of them depends on its other rows. */
  private NavigableMap<Double, Long> narrowed() {
    NavigableMap<Double, Long> narrowed = new TreeMap<>();
    numbers.forEach(
        (value, count) -> narrowed.merge((double) value.floatValue(), count, Long::sum));
    return narrowed;
  }

  /** Scores at the knots, of mean 0 and deviation 1 over all rows. */
  private static double[] standardized(Ranks ranks, int... knots) {
    double[] scores = IntStream.of(knots).mapToDouble(ranks::score).toArray();
    NumberEncoding raw =
        new NumberEncoding(
            IntStream.of(knots).mapToDouble(i -> ranks.values[i]).toArray(), scores, 0, 1, true);
    double sum = 0;
    double squares = 0;
    for (int i = 0; i < ranks.values.length; i++) {
      double score = raw.score(ranks.values[i]);
      sum += ranks.counts[i] * score;
      squares += ranks.counts[i] * score * score;
    }
    double mean = sum / ranks.total;
    double deviation = Math.sqrt(Math.max(0, squares / ranks.total - mean * mean));
    return IntStream.range(0, scores.length)
        .mapToDouble(i -> (scores[i] - mean) / Math.max(deviation, 1e-6))
        .toArray();
  }

  /** Values by their ranks. */
  private static final class Ranks {

    private final double[] values;
    private final long[] counts;
    private final long[] before;
    private final long total;

    Ranks(double[] values, long... counts) {
      this.values = values;
      this.counts = counts;
      this.total = LongStream.of(counts).sum();
      this.before = new long[counts.length];
      for (int i = 1; i < counts.length; i++) {
        before[i] = before[i - 1] + counts[i - 1];
      }
    }

    /** The place of the value at a part of all ranks. */
    private int placeAt(double part) {
      long rank = Math.round(part * (total - 1));
      int low = 0;
      int high = values.length - 1;
      while (low < high) {
        int middle = (low + high + 1) >>> 1;
        if (before[middle] <= rank) {
          low = middle;
        } else {
          high = middle - 1;
        }
      }
      return low;
    }

    double valueAt(double part) {
      return values[placeAt(part)];
    }

    /** The normal score of the middle of a value's ranks. */
    double score(int place) {
      double half = 0.5 / total;
      double middle = (before[place] + 0.5 * counts[place]) / total;
      return NORMAL.inverseCumulativeProbability(Math.max(half, Math.min(1 - half, middle)));
    }

    int[] knots() {
      if (values.length <= KNOTS) {
        return IntStream.range(0, values.length).toArray();
      }
      int half = KNOTS / 2;
      double most = -NORMAL.inverseCumulativeProbability(0.5 / total);
      return IntStream.range(0, KNOTS)
          .map(
              i ->
                  placeAt(
                      i < half
                          ? i / (half - 1.0)
                          : NORMAL.cumulativeProbability(
                              most * (2 * (i - half) / (half - 1.0) - 1))))
          .sorted()
          .distinct()
          .toArray();
    }
  }
}
