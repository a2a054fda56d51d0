package io.sparkfocal.data;

import io.sparkfocal.network.NetworkDescription;
import io.sparkfocal.network.TabularNetwork;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Columns of a table as a network takes them: the normal scores of all numbers, then their bounded
 * distances from the median, then the indices of all categories. A missing number is NaN in both.
 *
 * @param encoded what is done to each, in the order of the features
 */
public record TableEncoding(List<Feature> encoded) implements FeatureEncoding {

  private static final long serialVersionUID = 1L;

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
