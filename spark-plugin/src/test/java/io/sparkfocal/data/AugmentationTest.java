package io.sparkfocal.data;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkfocal.network.ImageShape;
import io.sparkfocal.train.Shuffle;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class AugmentationTest {

  private static final float[] IMAGE = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
  private static final ImageShape SHAPE = new ImageShape(2, 2, 3);

  private static List<String> changed(Augmentation augmentation, long seed, int rows) {
    Augmentation.Images images = augmentation.images(Shuffle.of(seed, 1, 0));
    List<String> all = new ArrayList<>();
    for (int row = 0; row < rows; row++) {
      all.add(Arrays.toString(images.changed(IMAGE, row)));
    }
    return all;
  }

  @Test
  void halfOfTheImagesAreTurnedLeftToRight() {
    List<String> all = changed(new Augmentation(SHAPE, true, 0), 7, 1000);
    String turned = Arrays.toString(new float[] {3, 2, 1, 6, 5, 4, 9, 8, 7, 12, 11, 10});
    assertThat(all).containsOnly(Arrays.toString(IMAGE), turned);
    assertThat(all.stream().filter(turned::equals).count()).isBetween(430L, 570L);
  }

  @Test
  void imagesAreMovedBothWaysWithZerosAround() {
    Set<String> all = new HashSet<>(changed(new Augmentation(SHAPE, false, 1), 7, 1000));
    assertThat(all).hasSize(9);
    assertThat(all)
        .contains(
            Arrays.toString(new float[] {5, 6, 0, 0, 0, 0, 11, 12, 0, 0, 0, 0}),
            Arrays.toString(new float[] {0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 7, 8}),
            Arrays.toString(IMAGE));
  }

  @Test
  void whatIsDrawnDependsOnSeedEpochRankAndPlaceAlone() {
    Augmentation augmentation = new Augmentation(SHAPE, true, 1);
    List<String> all = changed(augmentation, 7, 50);
    assertThat(changed(augmentation, 7, 50)).isEqualTo(all);
    assertThat(changed(augmentation, 8, 50)).isNotEqualTo(all);
    Augmentation.Images other = augmentation.images(Shuffle.of(7, 1, 0));
    assertThat(Arrays.toString(other.changed(IMAGE, 49))).isEqualTo(all.get(49));
  }

  /** As a run that goes on from a checkpoint does. */
  @Test
  void rowsThatArePassedOverChangeNothing() {
    double[][] rows = new double[200][];
    for (int i = 0; i < rows.length; i++) {
      rows[i] = new double[] {i, i + 0.25, i + 0.5, i + 0.75, i, i, i, i, i, i, i, i, 0, 1};
    }
    BuiltRows built = BuiltRows.of(12, rows);
    Augmentation augmentation = new Augmentation(SHAPE, true, 1);
    List<Float> whole = read(built, augmentation, 0);
    List<Float> rest = read(built, augmentation, 130);
    assertThat(rest).isEqualTo(whole.subList(130 * 12, whole.size()));
    assertThat(whole).isNotEqualTo(read(built, Augmentation.NONE, 0));
  }

  private static List<Float> read(BuiltRows built, Augmentation augmentation, int skipped) {
    Shuffle shuffle = Shuffle.of(3, 2, 1);
    RowCursor cursor =
        new RowCursor(
            built.shard().shuffled(shuffle),
            12,
            0,
            Standardization.none(12),
            augmentation.isNone() ? null : augmentation.images(shuffle));
    cursor.skip(skipped);
    List<Float> values = new ArrayList<>();
    for (int left = 200 - skipped; left > 0; ) {
      int rows = Math.min(left, 7);
      java.nio.FloatBuffer features = java.nio.FloatBuffer.allocate(12 * rows);
      cursor.read(
          rows,
          new RowCursor.Target(
              features,
              java.nio.ByteBuffer.allocate(rows * Long.BYTES),
              java.nio.FloatBuffer.allocate(rows)));
      for (float value : features.array()) {
        values.add(value);
      }
      left -= rows;
    }
    return values;
  }
}
