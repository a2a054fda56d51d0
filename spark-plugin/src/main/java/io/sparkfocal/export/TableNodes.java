package io.sparkfocal.export;

import io.sparkfocal.data.CategoryEncoding;
import io.sparkfocal.data.NumberEncoding;
import io.sparkfocal.data.TableEncoding;
import io.sparkfocal.export.Operand.Value;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/**
 * What becomes of the columns of a table, as {@link TableEncoding} says: normal scores and bounded
 * distances of numbers, indices of categories.
 *
 * <p>In features a text is the index of its value in the dictionary, and a category of numbers is
 * such a number itself; NaN is missing, and any other number an unseen value.
 */
final class TableNodes {

  /** In interquartile ranges, see {@link NumberEncoding}. */
  private static final double BOUND = 3;

  /** Farther values are not told apart, and their squares are finite. */
  private static final double FARTHEST = 1e150;

  /** Above every float32 but infinity. */
  private static final double BEYOND = 0x1p128;

  private final GraphBuilder graph;
  private final TableEncoding encoding;

  /**
   * A row's numbers and categories.
   *
   * @param scores float32 (B, numbers), anything where a number is missing; null without numbers
   * @param distances as the scores
   * @param isMissing which numbers are missing; null without numbers
   * @param categories int64 (B, categories); null without categories
   */
  record Encoded(
      @Nullable Value scores,
      @Nullable Value distances,
      @Nullable Value isMissing,
      @Nullable Value categories) {}

  /**
   * Categories of numbers whose dictionaries are of about the same size, so that a table of them is
   * at most half empty.
   */
  private static final class Codes {
    private final int bits;
    private final List<double[]> dictionaries = new ArrayList<>();
    private final List<Long> at = new ArrayList<>();

    Codes(int bits) {
      this.bits = bits;
    }

    void add(int feature, double... values) {
      at.add((long) feature);
      dictionaries.add(values);
    }

    /** A name that no other group has. */
    String name(String what) {
      return what + "_" + bits;
    }
  }

  TableNodes(GraphBuilder graph, TableEncoding encoding) {
    this.graph = graph;
    this.encoding = encoding;
  }

  /** Encodes features of shape (B, F). */
  Encoded of(Value features) {
    boolean[] texts = encoding.texts();
    List<NumberEncoding> numbers = new ArrayList<>();
    List<Long> atNumbers = new ArrayList<>();
    List<List<String>> ofTexts = new ArrayList<>();
    List<Long> atTexts = new ArrayList<>();
    Map<Integer, Codes> ofCodes = new TreeMap<>();
    for (int i = 0; i < encoding.features(); i++) {
      NumberEncoding number = encoding.encoded().get(i).number();
      CategoryEncoding category = encoding.encoded().get(i).category();
      if (number != null) {
        numbers.add(number);
        atNumbers.add((long) i);
      } else if (category != null && texts[i]) {
        ofTexts.add(category.values());
        atTexts.add((long) i);
      } else if (category != null) {
        double[] values = category.values().stream().mapToDouble(Double::parseDouble).toArray();
        int bits = Integer.SIZE - Integer.numberOfLeadingZeros(values.length);
        ofCodes.computeIfAbsent(bits, Codes::new).add(i, values);
      }
    }
    List<Value> categories = new ArrayList<>();
    graph.section("Categories: the place in the dictionary, then one for others, one for missing.");
    if (!ofTexts.isEmpty()) {
      categories.add(textPlaces(chosen(features, "texts", atTexts), ofTexts));
    }
    List<Long> given = new ArrayList<>(atTexts);
    for (Codes codes : ofCodes.values()) {
      categories.add(codePlaces(chosen(features, codes.name("codes"), codes.at), codes));
      given.addAll(codes.at);
    }
    Value places = inOrder(categories, given);
    if (numbers.isEmpty()) {
      return new Encoded(null, null, null, places);
    }
    graph.section("Numbers, with 0 in the place of missing ones.");
    Value numbersGiven = chosen(features, "numbers", atNumbers);
    Value isMissing = graph.of(Op.IS_NAN, numbersGiven);
    boolean[] exact = new boolean[numbers.size()];
    for (int i = 0; i < exact.length; i++) {
      exact[i] = numbers.get(i).exact();
    }
    Value x = graph.of(Op.WHERE, isMissing, graph.tensor("zero", new long[0], 0), numbersGiven);
    x = NumberNodes.narrowed(graph, x, exact, "exact");
    return new Encoded(scores(x, numbers), distances(x, numbers), isMissing, places);
  }

  /** Those features. */
  private Value chosen(Value features, String name, List<Long> places) {
    return places.size() == encoding.features()
        ? features
        : graph.columns(features, graph.indices(name, array(places)));
  }

  private static long[] array(List<Long> numbers) {
    return numbers.stream().mapToLong(Long::longValue).toArray();
  }

  /** Categories of those features in the order of the features; null without any. */
  private @Nullable Value inOrder(List<Value> categories, List<Long> given) {
    if (categories.size() < 2) {
      return categories.isEmpty() ? null : categories.get(0);
    }
    long[] order =
        LongStream.range(0, given.size())
            .boxed()
            .sorted(Comparator.comparing(i -> given.get(i.intValue())))
            .mapToLong(Long::longValue)
            .toArray();
    return graph.columns(
        graph.concat(List.copyOf(categories)), graph.indices("category_order", order));
  }

  /** Linear between knots, constant beyond them; each row of the tables is a number. */
  private Value scores(Value x, List<NumberEncoding> numbers) {
    graph.section("Normal scores, linear between knots.");
    int count = numbers.size();
    int most = 1;
    for (NumberEncoding number : numbers) {
      most = Math.max(most, number.knots().length);
    }
    double[] first = new double[count];
    double[] last = new double[count];
    long[] begins = new long[count];
    // Places that no number reaches are infinitely far; the last knot begins a part without slope.
    double[] knots = new double[count * most];
    Arrays.fill(knots, Double.POSITIVE_INFINITY);
    double[] lefts = new double[count * most];
    double[] widths = new double[count * most];
    Arrays.fill(widths, 1);
    double[] lows = new double[count * most];
    double[] rises = new double[count * most];
    for (int i = 0; i < count; i++) {
      double[] of = numbers.get(i).knots();
      double[] scores = numbers.get(i).scores();
      int at = i * most;
      // Of the part whose knot is the last one that is not above.
      begins[i] = at - 1L;
      if (of.length == 0) {
        knots[at] = 0;
        continue;
      }
      first[i] = of[0];
      last[i] = of[of.length - 1];
      System.arraycopy(of, 0, knots, at, of.length);
      System.arraycopy(of, 0, lefts, at, of.length);
      System.arraycopy(scores, 0, lows, at, of.length);
      for (int k = 0; k < of.length - 1; k++) {
        widths[at + k] = of[k + 1] - of[k];
        rises[at + k] = scores[k + 1] - scores[k];
      }
    }
    Value within = graph.of(Op.LARGER, x, graph.row("first_knot", first));
    within = graph.of(Op.SMALLER, within, graph.row("last_knot", last));
    Value upTo =
        graph.knotsUpTo(within, graph.tensor("knots", new long[] {count, most}, knots), most);
    Value part = graph.of(Op.ADD, upTo, graph.indices("part_begins", begins));
    Value offset = graph.of(Op.SUB, within, graph.take(graph.row("part_lefts", lefts), part));
    Value share = graph.of(Op.DIV, offset, graph.take(graph.row("part_widths", widths), part));
    Value rise = graph.of(Op.MUL, share, graph.take(graph.row("part_rises", rises), part));
    Value score = graph.of(Op.ADD, graph.take(graph.row("part_lows", lows), part), rise);
    return graph.cast(score, NumberType.FLOAT);
  }

  /** r / sqrt(1 + (r / 3)^2) of the distance r from the median. */
  private Value distances(Value x, List<NumberEncoding> numbers) {
    graph.section("Bounded distances from the medians.");
    double[] medians = numbers.stream().mapToDouble(NumberEncoding::median).toArray();
    double[] scales = numbers.stream().mapToDouble(NumberEncoding::scale).toArray();
    Value r = graph.of(Op.SUB, x, graph.row("medians", medians));
    r = graph.of(Op.MUL, r, graph.row("distance_scales", scales));
    r = graph.of(Op.SMALLER, r, graph.tensor("farthest", new long[0], FARTHEST));
    r = graph.of(Op.LARGER, r, graph.tensor("farthest_below", new long[0], -FARTHEST));
    Value square = graph.of(Op.DIV, graph.of(Op.MUL, r, r), BOUND * BOUND);
    Value root = graph.of(Op.SQRT, graph.of(Op.ADD, square, 1));
    return graph.cast(graph.of(Op.DIV, r, root), NumberType.FLOAT);
  }

  /** Texts, which are given as places already. */
  private Value textPlaces(Value given, List<List<String>> dictionaries) {
    long[] others = dictionaries.stream().mapToLong(List::size).toArray();
    Tensor below = graph.tensor("below", new long[0], -1);
    Value isMissing = graph.of(Op.IS_NAN, given);
    Value x = graph.of(Op.LARGER, graph.of(Op.WHERE, isMissing, below, given), below);
    Tensor above = graph.row("above", Arrays.stream(others).asDoubleStream().toArray());
    x = graph.of(Op.SMALLER, x, above);
    Value place = graph.cast(x, NumberType.LONG);
    Value isWhole = graph.of(Op.EQUAL, graph.cast(place, NumberType.DOUBLE), x);
    Tensor other = graph.indices("other_texts", others);
    Value known = graph.of(Op.WHERE, graph.of(Op.AT_LEAST, place, 0), place, other);
    Value seen = graph.of(Op.WHERE, isWhole, known, other);
    return graph.of(Op.WHERE, isMissing, graph.indices("missing_texts", next(others)), seen);
  }

  /** Categories of numbers, which are looked for in their dictionaries. */
  private Value codePlaces(Value given, Codes group) {
    List<double[]> dictionaries = group.dictionaries;
    int count = dictionaries.size();
    int most = dictionaries.stream().mapToInt(known -> Math.max(1, known.length)).max().orElse(1);
    double[] first = new double[count];
    double[] last = new double[count];
    long[] begins = new long[count];
    double[] codes = new double[Math.multiplyExact(count, most)];
    Arrays.fill(codes, Double.POSITIVE_INFINITY);
    long[] places = new long[codes.length];
    for (int i = 0; i < count; i++) {
      double[] known = dictionaries.get(i);
      int at = i * most;
      begins[i] = at - 1L;
      if (known.length == 0) {
        codes[at] = 0; // whose place is the one for others
        continue;
      }
      int[] ascending =
          IntStream.range(0, known.length)
              .boxed()
              .sorted(Comparator.comparingDouble(place -> known[place]))
              .mapToInt(Integer::intValue)
              .toArray();
      for (int k = 0; k < ascending.length; k++) {
        codes[at + k] = known[ascending[k]];
        places[at + k] = ascending[k];
      }
      first[i] = codes[at];
      last[i] = codes[at + known.length - 1];
    }
    Value isMissing = graph.of(Op.IS_NAN, given);
    Value x =
        graph.of(Op.WHERE, isMissing, graph.tensor(group.name("no_code"), new long[0], 0), given);
    x = asInRows(x);
    Value within = graph.of(Op.LARGER, x, graph.row(group.name("first_code"), first));
    within = graph.of(Op.SMALLER, within, graph.row(group.name("last_code"), last));
    Value upTo =
        graph.knotsUpTo(
            within,
            graph.tensor(group.name("codes_by_feature"), new long[] {count, most}, codes),
            most);
    Value at = graph.of(Op.ADD, upTo, graph.indices(group.name("code_begins"), begins));
    Value isKnown =
        graph.of(Op.EQUAL, graph.take(graph.row(group.name("all_codes"), codes), at), x);
    Value place = graph.take(graph.indices(group.name("code_places"), places), at);
    long[] others = dictionaries.stream().mapToLong(known -> known.length).toArray();
    Value seen =
        graph.of(Op.WHERE, isKnown, place, graph.indices(group.name("other_codes"), others));
    return graph.of(
        Op.WHERE, isMissing, graph.indices(group.name("missing_codes"), next(others)), seen);
  }

  /** In one float32, or in two if it is large; beyond float32 as it is, which no row has. */
  private Value asInRows(Value x) {
    Value high = graph.cast(graph.cast(x, NumberType.FLOAT), NumberType.DOUBLE);
    Value rest = graph.of(Op.SUB, x, high);
    rest = graph.cast(graph.cast(rest, NumberType.FLOAT), NumberType.DOUBLE);
    Value size = graph.of(Op.ABS, high);
    Value isLarge = graph.of(Op.AT_LEAST, size, CategoryEncoding.LARGE);
    Value inTwo = graph.of(Op.WHERE, isLarge, graph.of(Op.ADD, high, rest), high);
    return graph.of(Op.WHERE, graph.of(Op.AT_LEAST, size, BEYOND), x, inTwo);
  }

  /** What is missing comes behind all others. */
  private static long[] next(long... others) {
    return Arrays.stream(others).map(place -> place + 1).toArray();
  }
}
