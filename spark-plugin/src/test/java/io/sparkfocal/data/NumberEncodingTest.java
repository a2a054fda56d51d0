package io.sparkfocal.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.nio.ByteBuffer;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class NumberEncodingTest {

  /** Of values and how often each is there. */
  private static NumberEncoding of(Map<Double, Long> values) {
    ByteBuffer counts = ByteBuffer.allocate(16 + 16 * values.size());
    counts.putLong(0).putInt(values.size()).putInt(0);
    new TreeMap<>(values).forEach((value, count) -> counts.putDouble(value).putLong(count));
    ColumnCounts column = new ColumnCounts(false);
    column.add(counts.flip());
    return Objects.requireNonNull(column.feature("x", 10).number());
  }

  private static NumberEncoding distances(boolean logarithmic) {
    return new NumberEncoding(new double[] {0, 1}, new double[] {-1, 1}, 5, 0.5, true, logarithmic);
  }

  @Test
  void theDistanceIsTheInverseHyperbolicSine() {
    NumberEncoding encoding = distances(true);
    for (double r : new double[] {0, 1e-4, 0.3, 2, 50, 1e6}) {
      float expected = (float) Math.log(r + Math.sqrt(r * r + 1));
      assertThat(Math.sinh(expected)).isCloseTo(r, within(1e-6 + r * 1e-5));
      assertThat(encoding.distance(5 + 2 * r)).isCloseTo(expected, within(1e-6f));
      assertThat(encoding.distance(5 - 2 * r)).isCloseTo(-expected, within(1e-6f));
    }
    assertThat(encoding.distance(Double.NaN)).isNaN();
  }

  @Test
  void theDistanceOfEarlierVersionsIsBounded() {
    NumberEncoding encoding = distances(false);
    assertThat(encoding.distance(5 + 2 * 3)).isCloseTo((float) (3 / Math.sqrt(2)), within(1e-6f));
    assertThat(encoding.distance(1e9)).isEqualTo(3);
    assertThat(encoding.distance(Double.NaN)).isNaN();
  }

  @Test
  void whatIsBeyondSquaringIsFar() {
    assertThat(distances(true).distance(-1e300)).isBetween(-346.1f, -346f);
    assertThat(distances(true).distance(Double.POSITIVE_INFINITY)).isBetween(346f, 346.1f);
    assertThat(distances(false).distance(-1e300)).isEqualTo(-3);
    assertThat(distances(false).distance(Double.POSITIVE_INFINITY)).isEqualTo(3);
  }

  @Test
  void theScaleIsTheInterquartileRange() {
    Map<Double, Long> values = new TreeMap<>();
    for (int i = 0; i <= 100; i++) {
      values.put((double) i, 1L);
    }
    assertThat(of(values).scale()).isEqualTo(1 / 50.0);
  }

  @Test
  void theTailOfAColumnThatIsMostlyOneValueStaysApart() {
    Map<Double, Long> values = new TreeMap<>();
    values.put(0.0, 40_000L);
    values.put(-2.0, 2000L);
    values.put(2.0, 2000L);
    values.put(-42.0, 9L);
    values.put(-900.0, 3L);
    values.put(-4800.0, 3L);
    values.put(5075.0, 1L);
    NumberEncoding encoding = of(values);
    assertThat(encoding.median()).isZero();
    assertThat(encoding.scale()).isEqualTo(0.5);
    float near = encoding.distance(-42);
    float far = encoding.distance(-900);
    assertThat(near - far).isGreaterThan(2);
    assertThat(far - encoding.distance(-4800)).isGreaterThan(1);
    assertThat(encoding.distance(2) - encoding.distance(0)).isGreaterThan(0.5f);
  }
}
