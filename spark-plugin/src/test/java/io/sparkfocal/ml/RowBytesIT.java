package io.sparkfocal.ml;

import static org.apache.spark.sql.functions.expr;
import static org.assertj.core.api.Assertions.assertThat;

import io.sparkfocal.testing.Samples;
import io.sparkfocal.testing.TestSpark;
import java.util.AbstractList;
import java.util.List;
import org.apache.spark.ml.functions;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.catalyst.expressions.GenericRowWithSchema;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.util.SizeEstimator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Beside what Spark finds by walking over every object. */
@Timeout(180)
class RowBytesIT {

  @ParameterizedTest
  @ValueSource(
      strings = {
        "repeat('x', 2000000)",
        "cast(repeat('x', 300000) as binary)",
        "array_repeat(1.5D, 50000)",
        "array_repeat(repeat('x', 1000), 50)",
        "transform(sequence(1, 500), j -> sequence(j * 1000L, j * 1000L + 99))",
        "map_from_entries(transform(sequence(1, 3000), i -> struct(repeat(string(i), 10), i)))",
        "array_repeat(named_struct('a', 1, 'b', repeat('y', 5000)), 30)",
        "named_struct('a', 1, 'b', named_struct('c', repeat('y', 100000)))"
      })
  void largeColumnsCountByWhatTheyTake(String column) {
    Row row =
        Samples.rows(TestSpark.local(), 1)
            .withColumn("large", expr("transform(array(id), i -> " + column + ")[0]"))
            .head();
    long walked = SizeEstimator.estimate(row.get(row.fieldIndex("large")));
    assertThat(new RowBytes(row.schema()).of(row)).isBetween(walked / 3, 5 * walked + 2000);
  }

  /** Features are often such an array, and are read again where they are needed. */
  @Test
  void elementsOfAFixedSizeAreCountedWithoutReadingThem() {
    StructType schema =
        new StructType().add("f", DataTypes.createArrayType(DataTypes.DoubleType, false));
    Row row =
        new GenericRowWithSchema(new Object[] {null}, schema) {
          private static final long serialVersionUID = 1L;

          @Override
          public boolean isNullAt(int i) {
            return false;
          }

          @Override
          public <T> List<T> getList(int i) {
            return new AbstractList<>() {
              @Override
              public T get(int place) {
                throw new AssertionError("Element " + place + " is read.");
              }

              @Override
              public int size() {
                return 50_000;
              }
            };
          }
        };
    assertThat(new RowBytes(schema).of(row)).isBetween(50_000L * 24, 50_000L * 40);
  }

  @Test
  void vectorsCountByTheirValuesAndNullsAsNothing() {
    Row row =
        Samples.rows(TestSpark.local(), 1)
            .withColumn("wide", functions.array_to_vector(expr("array_repeat(0.5D, 40000)")))
            .withColumn("absent", expr("cast(null as array<string>)"))
            .head();
    assertThat(new RowBytes(row.schema()).of(row)).isBetween(40_000L * 8, 40_000L * 13);
  }
}
