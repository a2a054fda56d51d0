package io.sparkfocal.network;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.ndarray.types.SparseFormat;
import ai.djl.nn.AbstractBlock;
import ai.djl.nn.Parameter;
import ai.djl.nn.core.Embedding;
import ai.djl.training.ParameterStore;
import ai.djl.util.PairList;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Numbers and categories as one vector: each number's score, its bounded distance, and a learnt
 * periodic embedding of the score (Gorishniy et al. 2022, arXiv 2203.05556; without activation as
 * in RealMLP, arXiv 2407.04491), marks of missing numbers, and a learnt embedding of each category.
 *
 * <p>Input (B, 2 N + C): scores of N numbers, their distances, indices of C categories. A missing
 * number is NaN and takes learnt values. Output (B, D).
 */
final class TabularInput extends AbstractBlock {

  /** Cosines of a number. */
  private static final int FREQUENCIES = 16;

  /** Deviations of the frequencies: from slow, over all of a number's range, to fast. */
  private static final double[] SPREADS = {0.1, 0.1, 0.3, 1};

  /** Values of a number's embedding. */
  private static final int EMBEDDING = 4;

  /** A category of n indices has an embedding of 1.6 times the root of n, within bounds. */
  private static final double ROOTS = 1.6;

  private static final int WIDEST = 16;
  private static final double CATEGORY_SPREAD = 0.3;

  /** The last indices of a category: other values, and missing ones. */
  private static final int UNSEEN = 2;

  private final int numbers;
  private final int[] missing;
  private final int[] categories;
  private final List<Parameter> replacements = new ArrayList<>();
  private final List<Parameter> periodic = new ArrayList<>();
  private final List<Parameter> embeddings = new ArrayList<>();

  TabularInput(int numbers, int[] missing, int[] categories) {
    this.numbers = numbers;
    this.missing = missing;
    this.categories = categories;
    if (numbers > 0) {
      for (String name : new String[] {"missingScore", "missingDistance"}) {
        replacements.add(add(name, new Shape(1, numbers), (random, shape) -> zeros(shape)));
      }
      periodic.add(add("frequency", new Shape(numbers, 1, FREQUENCIES), TabularInput::frequencies));
      periodic.add(
          add("phase", new Shape(numbers, 1, FREQUENCIES), SeededInitializer.uniform(Math.PI)));
      SeededInitializer linear = SeededInitializer.uniform(1 / Math.sqrt(FREQUENCIES));
      periodic.add(add("embedding", new Shape(numbers, FREQUENCIES, EMBEDDING), linear));
      periodic.add(add("embeddingBias", new Shape(numbers, 1, EMBEDDING), linear));
    }
    for (int i = 0; i < categories.length; i++) {
      embeddings.add(
          add(
              "category" + i,
              new Shape(categories[i], width(categories[i])),
              TabularInput::ofCategory));
    }
  }

  private Parameter add(String name, Shape shape, SeededInitializer initializer) {
    return addParameter(initializer.parameter(name, shape));
  }

  private static float[] zeros(Shape shape) {
    return new float[Math.toIntExact(shape.size())];
  }

  private static float[] frequencies(CounterRandom random, Shape shape) {
    float[] values = zeros(shape);
    for (int i = 0; i < values.length; i++) {
      double spread = SPREADS[i % FREQUENCIES * SPREADS.length / FREQUENCIES];
      values[i] = (float) (2 * Math.PI * spread * SeededInitializer.normal(random));
    }
    return values;
  }

  private static float[] ofCategory(CounterRandom random, Shape shape) {
    float[] values = zeros(shape);
    long known = (shape.get(0) - UNSEEN) * shape.get(1);
    for (int i = 0; i < known; i++) {
      values[i] = (float) (CATEGORY_SPREAD * SeededInitializer.normal(random));
    }
    return values;
  }

  private static int width(int indices) {
    return Math.max(2, Math.min(WIDEST, (int) Math.round(ROOTS * Math.sqrt(indices))));
  }

  /** For each value of the output, which feature it comes from. */
  int[] origins() {
    IntStream ofNumbers = IntStream.range(0, numbers);
    IntStream origins =
        IntStream.concat(
            IntStream.concat(ofNumbers, IntStream.range(0, numbers)),
            IntStream.range(0, numbers * EMBEDDING).map(i -> i / EMBEDDING));
    origins = IntStream.concat(origins, IntStream.of(missing));
    for (int i = 0; i < categories.length; i++) {
      int feature = numbers + i;
      origins =
          IntStream.concat(origins, IntStream.generate(() -> feature).limit(width(categories[i])));
    }
    return origins.toArray();
  }

  @Override
  protected NDList forwardInternal(
      ParameterStore parameters,
      NDList inputs,
      boolean training,
      @Nullable PairList<String, Object> params) {
    NDArray input = inputs.singletonOrThrow();
    NDList parts = new NDList();
    if (numbers > 0) {
      NDArray given = input.get(":, 0:" + numbers);
      NDArray isMissing = given.isNaN();
      NDArray scores = filled(given, isMissing, replacements.get(0));
      parts.add(scores);
      parts.add(
          filled(input.get(":, " + numbers + ":" + 2 * numbers), isMissing, replacements.get(1)));
      parts.add(embedded(scores));
      if (missing.length > 0) {
        parts.add(marks(isMissing, input.getManager()));
      }
    }
    for (int i = 0; i < categories.length; i++) {
      int at = 2 * numbers + i;
      NDArray indices =
          input.get(":, " + at + ":" + (at + 1)).reshape(-1).toType(DataType.INT64, false);
      parts.add(
          Embedding.embedding(indices, embeddings.get(i).getArray(), SparseFormat.DENSE)
              .singletonOrThrow());
    }
    return new NDList(parts.size() == 1 ? parts.get(0) : NDArrays.concat(parts, 1));
  }

  private static NDArray filled(NDArray values, NDArray isMissing, Parameter by) {
    return NDArrays.where(isMissing, by.getArray().broadcast(values.getShape()), values);
  }

  /** (B, N) to (B, N x EMBEDDING). */
  private NDArray embedded(NDArray scores) {
    NDArray byNumber = scores.transpose().expandDims(2);
    NDArray waves = byNumber.mul(periodic.get(0).getArray()).add(periodic.get(1).getArray()).cos();
    NDArray values = waves.matMul(periodic.get(2).getArray()).add(periodic.get(3).getArray());
    return values.transpose(1, 0, 2).reshape(-1, (long) numbers * EMBEDDING);
  }

  private NDArray marks(NDArray isMissing, NDManager manager) {
    NDArray marks = isMissing.toType(DataType.FLOAT32, false);
    if (missing.length == numbers) {
      return marks;
    }
    long[] places = IntStream.of(missing).asLongStream().toArray();
    return marks.transpose().get(manager.create(places)).transpose();
  }

  @Override
  public Shape[] getOutputShapes(Shape[] inputShapes) {
    return new Shape[] {new Shape(inputShapes[0].get(0), origins().length)};
  }
}
