package io.sparkfocal.data;

import java.io.Serializable;
import java.util.Arrays;
import java.util.List;

/**
 * How features are to be encoded, as far as the driver knows.
 *
 * @param kind what is found out from the training rows
 * @param names of the features; of a table
 * @param types of the columns, see {@link FeatureColumn#type}
 * @param widths how many features each column has
 * @param categories which of them are categories; of a table
 * @param mostValues of a category that have an index of their own; of a table
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record FeaturePlan(
    Kind kind,
    List<String> names,
    List<String> types,
    List<Integer> widths,
    boolean[] categories,
    int mostValues)
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
        0);
  }

  /** Columns of a table. */
  public static FeaturePlan table(FeatureLayout layout, int[] widths, int mostValues) {
    return new FeaturePlan(
        Kind.TABLE,
        layout.names(widths),
        layout.parts().stream().map(FeatureColumn::type).toList(),
        Arrays.stream(widths).boxed().toList(),
        layout.categories(widths),
        mostValues);
  }
}
