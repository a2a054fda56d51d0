package io.sparkfocal.data;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.assertj.core.data.Offset;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.Test;

class FeatureStatisticsTest {

  private static RowStore rows(int from, int to) {
    RowStore buffer = new RowStore(3);
    for (int i = from; i < to; i++) {
      Random random = new Random(i);
      float value = (float) random.nextGaussian();
      buffer.add(new float[] {value, 1e6f + value, 7, 0, 1 + i % 3});
    }
    return buffer;
  }

  private static FeatureStatistics of(RowStore rows) {
    return FeatureStatistics.of(rows, IntStream.range(0, rows.rows()).toArray());
  }

  @Test
  void mergedPartsGiveTheStatisticsOfAllRows() {
    FeatureStatistics all = of(rows(0, 1000));
    FeatureStatistics merged =
        FeatureStatistics.merge(List.of(of(rows(0, 10)), of(rows(0, 0)), of(rows(10, 1000))));
    assertThat(merged.weight()).isEqualTo(all.weight());
    for (int i = 0; i < 3; i++) {
      assertThat(merged.means()[i]).isCloseTo(all.means()[i], Offset.offset(1e-9));
      assertThat(merged.squares()[i]).isCloseTo(all.squares()[i], Offset.offset(1e-6));
    }
  }

  @Test
  void aWeightedFeatureGetsMeanZeroAndDeviationOne() {
    RowStore rows = rows(0, 500);
    Standardization standardization = of(rows).standardization();
    for (int feature = 0; feature < 2; feature++) {
      double sum = 0;
      double squares = 0;
      double weights = 0;
      for (int row = 0; row < rows.rows(); row++) {
        double value = standardization.apply(rows.feature(row, feature), feature);
        weights += rows.weight(row);
        sum += rows.weight(row) * value;
        squares += rows.weight(row) * value * value;
      }
      assertThat(sum / weights).isCloseTo(0, Offset.offset(1e-5));
      assertThat(squares / weights).isCloseTo(1, Percentage.withPercentage(0.01));
    }
  }

  @Test
  void aFeatureThatNeverVariesBecomesZero() {
    assertThat(of(rows(0, 100)).standardization().apply(7, 2)).isZero();
    assertThat(of(rows(0, 100)).standardization().apply(8, 2)).isZero();
  }

  @Test
  void bytesKeepEveryBit() {
    FeatureStatistics statistics = of(rows(0, 77));
    FeatureStatistics decoded = FeatureStatistics.decode(statistics.encode());
    assertThat(decoded.weight()).isEqualTo(statistics.weight());
    assertThat(decoded.means()).isEqualTo(statistics.means());
    assertThat(decoded.squares()).isEqualTo(statistics.squares());
  }

  @Test
  void withoutStandardizationValuesStayAsTheyAre() {
    assertThat(Standardization.none(2).apply(3.25f, 1)).isEqualTo(3.25f);
  }
}
