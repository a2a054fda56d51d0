package io.sparkfocal.examples.tables;

import java.util.Arrays;
import java.util.stream.Stream;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.expressions.Window;
import org.apache.spark.sql.expressions.WindowSpec;
import org.apache.spark.sql.functions;

/**
 * Rows to train on and rows that training never sees, in the same proportions of classes.
 *
 * <p>Of each class, 30 % are for the test and 10 % of the others for validation, rounded; which
 * ones, a hash of row and seed decides. The rows are cached until {@link #close}.
 */
public final class StratifiedSplit implements AutoCloseable {

  /** Column that is true for training rows that choose the best epoch. */
  public static final String VALIDATION = "is_validation";

  private static final String TEST = "is_test";
  private static final String PLACE = "place_in_class";
  private static final String SIZE = "class_size";
  private static final double TEST_SHARE = 0.3;
  private static final double VALIDATION_SHARE = 0.1;

  private final Dataset<Row> rows;

  private StratifiedSplit(Dataset<Row> rows) {
    this.rows = rows;
  }

  /** The split of a seed. */
  public static StratifiedSplit of(LabelledTable table, long seed) {
    return of(table, seed, VALIDATION_SHARE);
  }

  /** As above, with another part of the rows that are not for the test. */
  public static StratifiedSplit of(LabelledTable table, long seed, double validationShare) {
    WindowSpec ofClass = Window.partitionBy(LabelledTable.CLASS);
    Column size = functions.col(SIZE);
    Column testEnd = functions.round(size.multiply(TEST_SHARE));
    Column validationEnd =
        testEnd.plus(functions.round(size.multiply(validationShare * (1 - TEST_SHARE))));
    Dataset<Row> rows =
        table
            .rows()
            .withColumn(PLACE, functions.row_number().over(ofClass.orderBy(hash(table, seed))))
            .withColumn(SIZE, functions.count(functions.lit(1)).over(ofClass))
            .withColumn(TEST, functions.col(PLACE).leq(testEnd))
            .withColumn(VALIDATION, functions.col(PLACE).leq(validationEnd))
            .drop(PLACE, SIZE)
            .persist();
    return new StratifiedSplit(rows);
  }

  private static Column hash(LabelledTable table, long seed) {
    Stream<Column> columns = Arrays.stream(table.rows().columns()).map(LabelledTable::named);
    return functions.xxhash64(
        Stream.concat(Stream.of(functions.lit(seed)), columns).toArray(Column[]::new));
  }

  /** Rows to train on, with {@link #VALIDATION}. */
  public Dataset<Row> training() {
    return rows.where(functions.not(functions.col(TEST))).drop(TEST);
  }

  /** Rows to judge by. */
  public Dataset<Row> test() {
    return rows.where(TEST).drop(TEST, VALIDATION);
  }

  @Override
  public void close() {
    rows.unpersist();
  }
}
