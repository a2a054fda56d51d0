package io.sparkfocal.data;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;
import org.apache.spark.ml.linalg.VectorUDT;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.BooleanType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.Metadata;
import org.apache.spark.sql.types.NumericType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/**
 * In which columns the features are, and how they are stored there.
 *
 * @param kind how they are stored
 * @param parts the columns, in the order of the features: one, or several for {@link Kind#COLUMNS}
 *     and {@link Kind#TABLE}
 */
public record FeatureLayout(Kind kind, List<FeatureColumn> parts) implements Serializable {

  /** How features are stored. */
  public enum Kind {
    /** A Spark ML vector, dense or sparse. */
    VECTOR,
    /** An array of floats. */
    FLOAT_ARRAY,
    /** An array of another numeric type, read as doubles. */
    DOUBLE_ARRAY,
    /** Several columns with one number each. */
    COLUMNS,
    /** Several columns, not all of which have one number. */
    TABLE,
    /** Images. */
    IMAGE
  }

  /** One vector, dense or sparse, none of whose features is a category. */
  static FeatureLayout ofVector() {
    return new FeatureLayout(
        Kind.VECTOR,
        List.of(
            FeatureColumn.of(
                new StructField("features", new VectorUDT(), false, Metadata.empty()))));
  }

  /** Names of the columns. */
  public List<String> columns() {
    return parts.stream().map(FeatureColumn::name).toList();
  }

  /**
   * The layout that a schema has.
   *
   * @param featuresCol the column of a vector or an array; not looked at if {@code featuresCols}
   *     has any
   * @param featuresCols columns of numbers, booleans, texts, dates, timestamps, vectors or arrays;
   *     may be empty
   * @param inputShape channels, height and width of images
   * @throws IllegalArgumentException if a column is missing or of a type that cannot be features
   */
  public static FeatureLayout of(
      StructType schema, String featuresCol, List<String> featuresCols, int... inputShape) {
    if (featuresCols.size() == 1) {
      StructField only = Columns.require(schema, featuresCols.get(0), "featuresCols");
      if (ImageDecoder.takes(only.dataType())) {
        return of(schema, only.name(), List.of(), inputShape);
      }
    }
    if (!featuresCols.isEmpty()) {
      Map<String, FeatureColumn> seen = new LinkedHashMap<>();
      for (String name : featuresCols) {
        FeatureColumn part = FeatureColumn.of(Columns.require(schema, name, "featuresCols"));
        if (seen.put(part.name(), part) != null) {
          throw new IllegalArgumentException(
              "featuresCols has the column \"%s\" twice; name each feature once.".formatted(name));
        }
      }
      boolean isNumbers =
          seen.values().stream().allMatch(part -> part.form() == FeatureColumn.Form.NUMBER);
      return new FeatureLayout(isNumbers ? Kind.COLUMNS : Kind.TABLE, List.copyOf(seen.values()));
    }
    StructField field = Columns.require(schema, featuresCol, "featuresCol");
    DataType type = field.dataType();
    if (ImageDecoder.takes(type)) {
      return new FeatureLayout(Kind.IMAGE, List.of(FeatureColumn.ofImages(field, inputShape)));
    }
    if (type instanceof VectorUDT) {
      return new FeatureLayout(Kind.VECTOR, List.of(FeatureColumn.of(field)));
    }
    if (type instanceof ArrayType array && array.elementType() instanceof NumericType) {
      boolean floats = array.elementType().equals(DataTypes.FloatType);
      return new FeatureLayout(
          floats ? Kind.FLOAT_ARRAY : Kind.DOUBLE_ARRAY, List.of(FeatureColumn.of(field)));
    }
    if (type instanceof org.apache.spark.mllib.linalg.VectorUDT) {
      throw new IllegalArgumentException(
          "Column \"%s\" has vectors of org.apache.spark.mllib.linalg, but features must be vectors of org.apache.spark.ml.linalg; convert it with MLUtils.convertVectorColumnsToML(dataset, \"%1$s\") first."
              .formatted(field.name()));
    }
    boolean booleans = type instanceof ArrayType of && of.elementType() instanceof BooleanType;
    throw new IllegalArgumentException(
        "Column \"%s\" has type %s; features must be a vector, an array of numbers, images, or columns named by featuresCols%s."
            .formatted(
                field.name(),
                type.simpleString(),
                booleans ? ", so cast it to array<int> first" : ""));
  }

  /**
   * Requires that the label is none of the features: not one of the columns, nor an attribute of
   * the vector's metadata, where VectorAssembler writes the names of its input columns.
   *
   * @throws IllegalArgumentException if it is
   */
  public void requireWithout(String label, StructType schema) {
    if (columns().contains(label)) {
      throw new IllegalArgumentException(
          "Column \"%s\" is the label and among featuresCols too; leave it out there."
              .formatted(label));
    }
    if (kind == Kind.VECTOR && Columns.vectorHas(schema, parts.get(0).name(), label)) {
      throw new IllegalArgumentException(
          "Column \"%s\" has the label \"%s\" among its features, as its metadata tells; leave it out of VectorAssembler, or rename the label if that feature is another column of the same name."
              .formatted(parts.get(0).name(), label));
    }
  }

  /** What makes pixels of the images, where there are any. */
  ImageDecoder images() {
    return Objects.requireNonNull(parts.get(0).images());
  }

  /**
   * Requires a column of images where a model was trained on some, and none where it was not.
   *
   * @throws IllegalArgumentException if it is otherwise
   */
  public void requireImages(boolean trainedOnSome) {
    boolean has = kind == Kind.IMAGE;
    if (has != trainedOnSome) {
      throw new IllegalArgumentException(
          "%s has %s, but the model was trained on %s; give it the columns it was trained on."
              .formatted(
                  describe(), has ? "images" : "numbers", trainedOnSome ? "images" : "numbers"));
    }
  }

  /** The expressions that bring the features into the form that {@link RowReader} reads. */
  public Column[] expressions() {
    return parts.stream().map(this::expression).toArray(Column[]::new);
  }

  private Column expression(FeatureColumn part) {
    Column column = Columns.named(part.name());
    return switch (part.form()) {
      case VECTOR, TEXT, IMAGE -> column;
      case ARRAY ->
          kind == Kind.FLOAT_ARRAY
              ? column
              : column.cast(DataTypes.createArrayType(DataTypes.DoubleType));
      case NUMBER -> part.number().expression(column);
    };
  }

  /** How many features a row has, as far as the schema tells; -1 if it does not. */
  public int declaredWidth(StructType schema) {
    int width = 0;
    for (FeatureColumn part : parts) {
      int ofPart =
          switch (part.form()) {
            case NUMBER, TEXT -> 1;
            case VECTOR -> Columns.vectorSize(schema, part.name());
            case ARRAY, IMAGE -> part.declared();
          };
      if (ofPart < 0) {
        return -1;
      }
      width += ofPart;
    }
    return width;
  }

  /**
   * How many features each column has.
   *
   * @param width of all
   * @param told by the rows; empty where at most one column has several
   */
  int[] widths(int width, int... told) {
    if (told.length > 0 || width == 0) {
      return told;
    }
    return parts.stream().mapToInt(part -> part.isOne() ? 1 : width - (parts.size() - 1)).toArray();
  }

  /**
   * Which features are categories.
   *
   * @param widths how many features each column has
   */
  public boolean[] categories(int... widths) {
    boolean[] categories = new boolean[Arrays.stream(widths).sum()];
    int first = 0;
    for (int i = 0; i < widths.length; i++) {
      FeatureColumn part = parts.get(i);
      for (int nominal : part.nominal()) {
        categories[first + nominal] = true;
      }
      if (part.form() == FeatureColumn.Form.TEXT) {
        categories[first] = true;
      }
      first += widths[i];
    }
    return categories;
  }

  /**
   * A name for each feature: that of its column, and its place there if the column has several.
   *
   * @param widths how many features each column has
   */
  public List<String> names(int... widths) {
    List<String> names = new ArrayList<>();
    for (int i = 0; i < widths.length; i++) {
      FeatureColumn part = parts.get(i);
      for (int k = 0; k < widths[i]; k++) {
        names.add(part.isOne() ? part.name() : part.name() + "_" + k);
      }
    }
    return names;
  }

  /**
   * A name for each feature, as the metadata of vectors tells it, else as above; {@code feature_}
   * and its place where it is not known which column it is in.
   *
   * @param width how many features a row has
   */
  public List<String> names(StructType schema, int width) {
    List<List<String>> byPart =
        parts.stream()
            .map(
                part ->
                    part.form() == FeatureColumn.Form.VECTOR
                        ? Columns.vectorNames(schema, part.name())
                        : List.<String>of())
            .toList();
    int known = 0;
    int unknown = 0;
    for (int i = 0; i < parts.size(); i++) {
      int size = parts.get(i).isOne() ? 1 : byPart.get(i).size();
      known += size;
      unknown += size == 0 ? 1 : 0;
    }
    List<String> names = new ArrayList<>();
    for (int i = 0; i < parts.size() && unknown <= 1; i++) {
      FeatureColumn part = parts.get(i);
      int size = part.isOne() ? 1 : byPart.get(i).size();
      names.addAll(
          size == 0 || part.isOne()
              ? new FeatureLayout(kind, List.of(part)).names(size == 0 ? width - known : 1)
              : byPart.get(i));
    }
    return names.size() == width
        ? names
        : IntStream.range(0, width).mapToObj(i -> "feature_" + i).toList();
  }

  /**
   * Requires that there are features, and that a row of so many can be held.
   *
   * @throws IllegalArgumentException if not
   */
  public void requireReadable(int width) {
    if (width == 0) {
      throw new BadRowException(describe() + " has an empty row; every row needs features.");
    }
    BatchMemory.requireRow(width);
  }

  /**
   * Requires as many features as other rows have.
   *
   * @throws IllegalArgumentException if there are not
   */
  public void requireWidth(int width, int expected) {
    new FeatureValues(this, expected).size(width);
  }

  /**
   * Requires as many features in each column as other rows have.
   *
   * @throws IllegalArgumentException if there are not
   */
  public void requireWidths(int[] widths, int[] expected) {
    for (int i = 0; i < Math.min(widths.length, expected.length); i++) {
      if (widths[i] != expected[i]) {
        throw new BadRowException(
            "Column \"%s\" has rows with %s features and rows with %s; give every row the same number."
                .formatted(parts.get(i).name(), expected[i], widths[i]));
      }
    }
  }

  /** The column, or columns, as a message names them. */
  public String describe() {
    List<String> columns = columns();
    return columns.size() == 1
        ? "Column \"" + columns.get(0) + "\""
        : "Columns \"" + columns.get(0) + "\" to \"" + columns.get(columns.size() - 1) + "\"";
  }
}
