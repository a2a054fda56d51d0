package io.sparkfocal.data;

import io.sparkfocal.network.NetworkDescription;
import io.sparkfocal.network.TabularNetwork;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Columns of a table as a network takes them: the normal scores of all numbers, then their bounded
 * distances from the median, then the indices of all categories. A missing number is NaN in both.
 *
 * @param encoded what is done to each, in the order of the features
 * @param types of the columns, see {@link FeatureColumn#type}
 * @param widths how many features each column has
 */
public record TableEncoding(List<Feature> encoded, List<String> types, List<Integer> widths)
    implements FeatureEncoding {

  private static final long serialVersionUID = 1L;
  private static final String TEXT = "text";

  /**
   * One feature: a number or a category.
   *
   * @param name of it, for people
   * @param number null for a category
   * @param category null for a number
   * @param missing whether training rows lack it
   */
  public record Feature(
      String name,
      @Nullable NumberEncoding number,
      @Nullable CategoryEncoding category,
      boolean missing)
      implements Serializable {

    private static final long serialVersionUID = 1L;
  }

  /**
   * Requires the columns that it was found out from.
   *
   * @throws IllegalArgumentException if there are fewer or more, or one has another type
   */
  public void require(FeatureLayout layout) {
    List<FeatureColumn> parts = layout.parts();
    if (parts.size() != types.size()) {
      throw new IllegalArgumentException(
          "%s are %s columns, but the model was trained on %s; give it the columns it was trained on."
              .formatted(layout.describe(), parts.size(), types.size()));
    }
    for (int i = 0; i < types.size(); i++) {
      String type = parts.get(i).type();
      if (!type.equals(types.get(i))) {
        throw new IllegalArgumentException(
            "Column \"%s\" is a %s, but the model was trained on a %s there; cast it, or give the columns it was trained on."
                .formatted(parts.get(i).name(), type, types.get(i)));
      }
    }
  }

  /** Which features are columns of texts. */
  public boolean[] texts() {
    boolean[] texts = new boolean[features()];
    int at = 0;
    for (int i = 0; i < types.size(); i++) {
      Arrays.fill(texts, at, at + widths.get(i), types.get(i).equals(TEXT));
      at += widths.get(i);
    }
    return texts;
  }

  /** How many numbers there are. */
  public int numbers() {
    return (int) encoded.stream().filter(feature -> feature.number() != null).count();
  }

  @Override
  public int features() {
    return encoded.size();
  }

  @Override
  public int inputs() {
    return encoded.size() + numbers();
  }

  @Override
  public int[] inputsOf(int feature) {
    return new TableInputs(this).of(feature);
  }

  @Override
  public boolean isCategory(int feature) {
    return encoded.get(feature).category() != null;
  }

  @Override
  public float[] typicalInputs() {
    return new TableInputs(this).typical();
  }

  @Override
  public NetworkDescription network(NetworkDescription asked) {
    return new NetworkDescription(
        asked.provider(),
        TabularNetwork.withColumns(asked.arguments(), numbers(), missingNumbers(), categorySizes()),
        inputs(),
        asked.outputs());
  }

  @Override
  public FeatureReader reader(FeatureLayout layout, boolean keeps) {
    return new TableFeatures(layout, this, keeps)::read;
  }

  @Override
  public FeatureReader vectorReader(boolean keeps) {
    return new TableVectors(this, keeps)::read;
  }

  /** How many indices each category has, in the order of the inputs. */
  public List<Integer> categorySizes() {
    List<Integer> sizes = new ArrayList<>();
    for (Feature feature : encoded) {
      if (feature.category() != null) {
        sizes.add(feature.category().size());
      }
    }
    return sizes;
  }

  /** Which of the numbers are missing in training rows, by their place among the numbers. */
  public List<Integer> missingNumbers() {
    List<Integer> places = new ArrayList<>();
    int place = 0;
    for (Feature feature : encoded) {
      if (feature.number() != null) {
        if (feature.missing()) {
          places.add(place);
        }
        place++;
      }
    }
    return places;
  }
}
