package io.sparkfocal.export;

import io.sparkfocal.data.CategoryEncoding;
import io.sparkfocal.data.NumberEncoding;
import io.sparkfocal.data.TableEncoding;
import io.sparkfocal.export.Operand.Value;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * What becomes of the columns of a table, as {@link TableEncoding} says: normal scores and bounded
 * distances of numbers, indices of categories.
 *
 * <p>In features a category is the index of its value in the dictionary; NaN is missing, and any
 * other number an unseen value.
 */
final class TableNodes {

  /** In interquartile ranges, see {@link NumberEncoding}. */
  private static final double BOUND = 3;

  /** Farther values are not told apart, and their squares are finite. */
  private static final double FARTHEST = 1e150;

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

  TableNodes(GraphBuilder graph, TableEncoding encoding) {
    this.graph = graph;
    this.encoding = encoding;
  }

  /** Encodes features of shape (B, F). */
  Encoded of(Value features) {
    List<NumberEncoding> numbers = new ArrayList<>();
    List<CategoryEncoding> categories = new ArrayList<>();
    for (TableEncoding.Feature feature : encoding.encoded()) {
      NumberEncoding number = feature.number();
      CategoryEncoding category = feature.category();
      if (number != null) {
        numbers.add(number);
      } else if (category != null) {
        categories.add(category);
      }
    }
    graph.section("Categories: the index in the dictionary, then one for others, one for missing.");
    Value indices =
        categories.isEmpty()
            ? null
            : indices(chosen(features, true, categories.size()), categories);
    if (numbers.isEmpty()) {
      return new Encoded(null, null, null, indices);
    }
    graph.section("Numbers, with 0 in the place of missing ones.");
    Value given = chosen(features, false, numbers.size());
    Value isMissing = graph.of(Op.IS_NAN, given);
    boolean[] exact = new boolean[numbers.size()];
    for (int i = 0; i < exact.length; i++) {
      exact[i] = numbers.get(i).exact();
    }
    Value x = graph.of(Op.WHERE, isMissing, graph.tensor("zero", new long[0], 0), given);
    x = NumberNodes.narrowed(graph, x, exact, "exact");
    return new Encoded(scores(x, numbers), distances(x, numbers), isMissing, indices);
  }

  /** The features that are categories, or those that are not. */
  private Value chosen(Value features, boolean isCategory, int count) {
    if (count == encoding.features()) {
      return features;
    }
    long[] places =
        IntStream.range(0, encoding.features())
            .filter(i -> encoding.isCategory(i) == isCategory)
            .asLongStream()
            .toArray();
    return graph.columns(features, graph.indices(isCategory ? "categories" : "numbers", places));
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

  private Value indices(Value given, List<CategoryEncoding> categories) {
    long[] others = categories.stream().mapToLong(category -> category.values().size()).toArray();
    Tensor other = graph.indices("other", others);
    Tensor missing =
        graph.indices("missing", Arrays.stream(others).map(index -> index + 1).toArray());
    Value isMissing = graph.of(Op.IS_NAN, given);
    Tensor below = graph.tensor("below", new long[0], -1);
    Value x = graph.of(Op.WHERE, isMissing, below, given);
    x = graph.of(Op.LARGER, x, below);
    x =
        graph.of(
            Op.SMALLER, x, graph.row("above", Arrays.stream(others).asDoubleStream().toArray()));
    Value index = graph.cast(x, NumberType.LONG);
    Value isWhole = graph.of(Op.EQUAL, graph.cast(index, NumberType.DOUBLE), x);
    Value known = graph.of(Op.WHERE, graph.of(Op.AT_LEAST, index, 0), index, other);
    return graph.of(Op.WHERE, isMissing, missing, graph.of(Op.WHERE, isWhole, known, other));
  }
}
