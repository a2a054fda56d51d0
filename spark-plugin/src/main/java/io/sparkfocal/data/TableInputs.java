package io.sparkfocal.data;

import java.util.List;

/** Puts the features of one row after the other where a {@link TableEncoding} has them. */
final class TableInputs {

  private final List<TableEncoding.Feature> features;
  private final int numbers;
  private final int[] places;

  TableInputs(TableEncoding encoding) {
    this.features = encoding.encoded();
    this.numbers = encoding.numbers();
    this.places = new int[features.size()];
    int number = 0;
    int category = 2 * numbers;
    for (int i = 0; i < places.length; i++) {
      places[i] = features.get(i).number() != null ? number++ : category++;
    }
  }

  TableEncoding.Feature feature(int i) {
    return features.get(i);
  }

  /** Where a feature is: score and distance of a number, or the index of a category. */
  int[] of(int i) {
    return features.get(i).number() != null
        ? new int[] {places[i], numbers + places[i]}
        : new int[] {places[i]};
  }

  /** Medians, and the first values of categories, which are the most frequent. */
  float[] typical() {
    float[] inputs = new float[features.size() + numbers];
    for (int i = 0; i < places.length; i++) {
      NumberEncoding number = features.get(i).number();
      if (number != null) {
        put(inputs, i, number.median());
      } else {
        putIndex(inputs, i, 0);
      }
    }
    return inputs;
  }

  /** Sets a feature that is a number, or a category whose values are numbers; NaN is missing. */
  void put(float[] inputs, int i, double value) {
    TableEncoding.Feature feature = features.get(i);
    NumberEncoding number = feature.number();
    CategoryEncoding category = feature.category();
    if (number != null) {
      inputs[places[i]] = number.score(value);
      inputs[numbers + places[i]] = number.distance(value);
    } else if (category != null) {
      inputs[places[i]] = category.index(Double.isNaN(value) ? null : CategoryEncoding.text(value));
    }
  }

  /** Sets a feature that is a category to an index. */
  void putIndex(float[] inputs, int i, int index) {
    inputs[places[i]] = index;
  }
}
