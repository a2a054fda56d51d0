package io.sparkfocal.data;

import org.jspecify.annotations.Nullable;

/**
 * What the features of a row must be: present, of the right number, finite in float32.
 *
 * @param layout where they came from, for messages
 * @param width how many there must be
 */
record FeatureValues(FeatureLayout layout, int width) {

  /** The value, unless it is null. */
  <T> T present(@Nullable T value) {
    if (value == null) {
      throw new BadRowException(
          layout.describe() + " has a null feature; drop or fill such rows first.");
    }
    return value;
  }

  /** Requires as many features as the first row had. */
  void size(int size) {
    if (size != width) {
      throw new BadRowException(
          "%s has a row with %s features where %s are expected; give every row the same number, in transform() as in fit()."
              .formatted(layout.describe(), size, width));
    }
  }

  /** Requires that there are not more features than the first row had. */
  void sizeAtLeast(int size) {
    if (size > width) {
      size(size);
    }
  }

  /** From so many features on a row of zeros, for the most part, is kept as a sparse one. */
  static boolean isWide(int width) {
    return width >= 32;
  }

  /** The value as a float, refusing NaN, infinities and what float32 cannot hold. */
  float narrow(double value, int index) {
    float narrowed = (float) value;
    if (!Float.isFinite(narrowed)) {
      throw notFinite(value, index);
    }
    return withoutSignOfZero(narrowed);
  }

  /**
   * 0.0 for -0.0, which a sparse vector may or may not store, so that equal rows have equal bits.
   */
  private static float withoutSignOfZero(float value) {
    return value + 0.0f;
  }

  BadRowException nullFeature() {
    return new BadRowException(
        layout.describe() + " has a null feature; drop or fill such rows first.");
  }

  /** In the column of that number. */
  BadRowException nullFeature(int column) {
    return new BadRowException(
        "Column \"%s\" has a null feature; drop or fill such rows first."
            .formatted(layout.columns().get(column)));
  }

  /**
   * Against an image that is missing or cannot be read.
   *
   * @param origin where it came from, as a message says it; may be empty
   */
  BadRowException noImage(String origin) {
    return new BadRowException(
        "%s has a row without an image that can be read%s; set handleInvalid to skip, or leave such rows out."
            .formatted(layout.describe(), origin));
  }

  /** Against a NaN, an infinity or what float32 cannot hold. */
  BadRowException notFinite(double value, int index) {
    String where =
        layout.kind() == FeatureLayout.Kind.COLUMNS
            ? "Column \"" + layout.columns().get(index) + "\" has"
            : layout.describe() + " has, at index " + index + ",";
    return new BadRowException(
        "%s the feature %s; features must be finite float32 numbers: drop, fill or scale such rows first."
            .formatted(where, value));
  }
}
