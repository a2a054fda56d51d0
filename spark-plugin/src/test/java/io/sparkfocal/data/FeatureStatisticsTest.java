package io.sparkfocal.data;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDManager;
import io.sparkfocal.collective.TensorCollective;
import io.sparkfocal.collective.local.SoloCollective;
import java.util.Random;
import org.assertj.core.data.Offset;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.Test;

class FeatureStatisticsTest {

  private static double[][] rows(int from, int to) {
    double[][] rows = new double[to - from][];
    for (int i = from; i < to; i++) {
      double value = new Random(i).nextGaussian();
      rows[i - from] = new double[] {value, 1e6 + value, 7, 0, 1 + i % 3};
    }
    return rows;
  }

  private static FeatureStatistics of(double[]... rows) {
    FeatureStatistics statistics = new FeatureStatistics(rows[0].length - 2);
    statistics.add(BuiltRows.of(rows[0].length - 2, rows).shard());
    return statistics;
  }

  @Test
  void aWeightedFeatureGetsMeanZeroAndDeviationOne() {
    double[][] rows = rows(0, 500);
    Standardization standardization = of(rows).standardization(false);
    for (int feature = 0; feature < 2; feature++) {
      double sum = 0;
      double squares = 0;
      double weights = 0;
      for (double[] row : rows) {
        double value = standardization.apply(row[feature], feature);
        weights += row[4];
        sum += row[4] * value;
        squares += row[4] * value * value;
      }
      assertThat(sum / weights).isCloseTo(0, Offset.offset(1e-5));
      assertThat(squares / weights).isCloseTo(1, Percentage.withPercentage(0.01));
    }
  }

  @Test
  void aFeatureThatNeverVariesBecomesZero() {
    assertThat(of(rows(0, 100)).standardization(false).apply(7, 2)).isZero();
    assertThat(of(rows(0, 100)).standardization(false).apply(8, 2)).isZero();
  }

  @Test
  void blocksAreMerged() {
    FeatureStatistics parts = new FeatureStatistics(3);
    parts.add(BuiltRows.of(3, rows(0, 10)).shard());
    parts.add(BuiltRows.of(3, rows(10, 1000)).shard());
    Standardization merged = parts.standardization(false);
    Standardization all = of(rows(0, 1000)).standardization(false);
    for (int i = 0; i < 3; i++) {
      assertThat(merged.means()[i]).isCloseTo(all.means()[i], Offset.offset(1e-9));
      assertThat(merged.scales()[i]).isCloseTo(all.scales()[i], Offset.offset(1e-9));
    }
  }

  @Test
  void oneRankIsAllRanks() {
    FeatureStatistics one = of(rows(0, 5));
    try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
      assertThat(one.overRanks(new TensorCollective(new SoloCollective()), manager)).isSameAs(one);
    }
  }

  @Test
  void largeNumbersKeepTheirDifferences() {
    for (double base : new double[] {1.7e12, 20180131, 1e9, 1e12}) {
      double[][] rows = new double[400][];
      for (int i = 0; i < rows.length; i++) {
        rows[i] = new double[] {base + i % 2, i % 2, 1};
      }
      Standardization standardization = of(rows).standardization(false);
      assertThat(standardization.exact()[0]).isTrue();
      assertThat(standardization.apply(base, 0)).isEqualTo(-1);
      assertThat(standardization.apply(base + 1, 0)).isEqualTo(1);
    }
  }

  @Test
  void sparseRowsHaveTheStatisticsOfDenseOnesAndStayZero() {
    int width = 64;
    BlockBuilder sparse = new NumberBlockBuilder(width, true, 0);
    BlockBuilder dense = new NumberBlockBuilder(width, false, 0);
    for (int i = 0; i < 1000; i++) {
      Random random = new Random(i);
      double[] row = new double[width];
      int[] indices = {random.nextInt(30), 30 + random.nextInt(33), 63};
      double[] values = {random.nextGaussian(), 1e10 + i, 1 + random.nextDouble()};
      for (int k = 0; k < 3; k++) {
        row[indices[k]] = values[k];
      }
      sparse.add(BuiltRows.sparse(width, indices, values, i % 2, 1 + i % 2));
      dense.add(BuiltRows.dense(row, i % 2, 1 + i % 2));
    }
    FeatureStatistics ofSparse = new FeatureStatistics(width);
    FeatureStatistics ofDense = new FeatureStatistics(width);
    BuiltRows sparseRows = new BuiltRows(width);
    sparseRows.addRest(sparse);
    BuiltRows denseRows = new BuiltRows(width);
    denseRows.addRest(dense);
    ofSparse.add(sparseRows.shard());
    ofDense.add(denseRows.shard());
    Standardization a = ofSparse.standardization(true);
    Standardization b = ofDense.standardization(true);
    for (int i = 0; i < width; i++) {
      assertThat(a.means()[i])
          .isCloseTo(b.means()[i], Offset.offset(1e-9 * Math.abs(b.means()[i])));
      assertThat(a.scales()[i])
          .isCloseTo(b.scales()[i], Offset.offset(1e-9 * Math.abs(b.scales()[i])));
    }
    assertThat(a.means()[5]).isZero();
    assertThat(a.means()[63]).isNotZero();
    assertThat(ofSparse.standardization(false).means()[5]).isNotZero();
  }

  @Test
  void withoutStandardizationValuesStayAsTheyAre() {
    assertThat(Standardization.none(2).apply(3.25, 1)).isEqualTo(3.25f);
  }
}
