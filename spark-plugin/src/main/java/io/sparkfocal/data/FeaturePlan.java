package io.sparkfocal.data;

import io.sparkfocal.network.ImageShape;
import java.io.Serializable;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How features are to be encoded, as far as the driver knows.
 *
 * @param kind what is found out from the training rows
 * @param names of the features; of a table
 * @param types of the columns, see {@link FeatureColumn#type}
 * @param widths how many features each column has
 * @param categories which of them are categories; of a table
 * @param mostValues of a category that have an index of their own; of a table
 * @param images their shape; null for other features
 * @param augmentation of the rows of training batches
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record FeaturePlan(
    Kind kind,
    List<String> names,
    List<String> types,
    List<Integer> widths,
    boolean[] categories,
    int mostValues,
    @Nullable ImageShape images,
    Augmentation augmentation)
    implements Serializable {

  /** What is found out from the training rows. */
  public enum Kind {
    /** Nothing: features stay as they are. */
    PLAIN,
    /** Mean and deviation of each feature. */
    STANDARDIZED,
    /** Quantiles of numbers and values of categories. */
    TABLE
  }

  /** Features that are all numbers. */
  public static FeaturePlan numbers(boolean standardized) {
    return new FeaturePlan(
        standardized ? Kind.STANDARDIZED : Kind.PLAIN,
        List.of(),
        List.of(),
        List.of(),
        new boolean[0],
        0,
        null,
        Augmentation.NONE);
  }

  /** Images: what is found out is of each channel. */
  public static FeaturePlan images(FeatureLayout layout, boolean standardized) {
    FeaturePlan numbers = numbers(standardized);
    return new FeaturePlan(
        numbers.kind,
        numbers.names,
        numbers.types,
        numbers.widths,
        numbers.categories,
        0,
        layout.images().shape(),
        Augmentation.NONE);
  }

  /** The same, with rows of training batches that are changed at random. */
  public FeaturePlan with(Augmentation random) {
    return new FeaturePlan(kind, names, types, widths, categories, mostValues, images, random);
  }

  /** Columns of a table. */
  public static FeaturePlan table(FeatureLayout layout, int[] widths, int mostValues) {
    return new FeaturePlan(
        Kind.TABLE,
        layout.names(widths),
        layout.parts().stream().map(FeatureColumn::type).toList(),
        Arrays.stream(widths).boxed().toList(),
        layout.categories(widths),
        mostValues,
        null,
        Augmentation.NONE);
  }
}
