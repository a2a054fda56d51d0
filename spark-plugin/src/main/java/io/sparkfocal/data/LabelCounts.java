package io.sparkfocal.data;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.catalyst.InternalRow;

/**
 * How many rows there are by class and by partition: the one Spark aggregate before training.
 *
 * @param classRows training rows of each class, up to the highest label seen or declared
 * @param validationRows rows to validate on
 * @param partitionRows rows of each partition, both kinds
 * @param trainingWeight sum of the training rows' weights
 * @param validationWeight sum of the validation rows' weights
 */
public record LabelCounts(
    long[] classRows,
    long validationRows,
    long[] partitionRows,
    double trainingWeight,
    double validationWeight) {

  /** As many classes as there may be. */
  public static final int MOST_CLASSES = LabelCheck.MOST_CLASSES;

  private static final int HEADER = 2;

  /**
   * Counts, with one Spark job over label, weight and validation columns.
   *
   * @throws IllegalArgumentException if a label or weight is not allowed
   */
  public static LabelCounts of(TrainingColumns columns, Dataset<?> dataset) {
    Dataset<Row> labels = columns.labels(dataset);
    LabelCheck check = new LabelCheck(columns.label(), columns.weight());
    CountLabels count = new CountLabels(check);
    List<Object[]> partitions =
        labels.queryExecution().toRdd().toJavaRDD().mapPartitions(count).collect();
    for (Object[] partition : partitions) {
      if (partition[0] instanceof String refusal) {
        throw new IllegalArgumentException(refusal);
      }
    }
    return sum(
        partitions.stream().map(p -> (long[]) p[0]).toList(),
        partitions.stream().mapToDouble(p -> (double) p[1]).sum(),
        partitions.stream().mapToDouble(p -> (double) p[2]).sum(),
        columns.declaredClasses());
  }

  private static LabelCounts sum(
      List<long[]> partitions,
      double trainingWeight,
      double validationWeight,
      int declaredClasses) {
    int seen = partitions.stream().mapToInt(p -> p.length - HEADER).max().orElse(0);
    long[] classRows = new long[Math.max(seen, declaredClasses)];
    long[] partitionRows = new long[partitions.size()];
    long validationRows = 0;
    for (int p = 0; p < partitions.size(); p++) {
      long[] counts = partitions.get(p);
      partitionRows[p] = counts[0];
      validationRows += counts[1];
      for (int c = HEADER; c < counts.length; c++) {
        classRows[c - HEADER] += counts[c];
      }
    }
    return new LabelCounts(
        classRows, validationRows, partitionRows, trainingWeight, validationWeight);
  }

  /**
   * The same with at least that many classes; the added ones have no rows.
   *
   * @param label name of the label column, for the message
   * @param numClasses 0 for those that there are
   * @throws IllegalArgumentException if there are more
   */
  public LabelCounts withClasses(String label, int numClasses) {
    if (numClasses == 0 || numClasses == classes()) {
      return this;
    }
    if (numClasses < classes()) {
      throw new IllegalArgumentException(
          "numClasses is %s, but column \"%s\" has the label %s; set it to at least %s, or to 0."
              .formatted(numClasses, label, classes() - 1, classes()));
    }
    return new LabelCounts(
        Arrays.copyOf(classRows, numClasses),
        validationRows,
        partitionRows,
        trainingWeight,
        validationWeight);
  }

  /** Whether there are rows to validate on, and any of them counts. */
  public boolean canValidate() {
    return validationWeight > 0;
  }

  /** Training rows of all classes. */
  public long trainingRows() {
    return Arrays.stream(classRows).sum();
  }

  /** How many classes there are, counting those without rows below the highest label. */
  public int classes() {
    return classRows.length;
  }

  /** Rows of the largest partition over those of a mean one; 1 without rows. */
  public double skew() {
    long all = Arrays.stream(partitionRows).sum();
    long largest = Arrays.stream(partitionRows).max().orElse(0);
    return all == 0 ? 1 : (double) largest * partitionRows.length / all;
  }

  /**
   * Requires rows of two classes to train on.
   *
   * @param declaredClasses how many classes the label's metadata tells; 0 if it tells nothing
   * @throws IllegalArgumentException if there are none, of one class only, or of undeclared ones
   */
  public void requireTrainable(String label, int declaredClasses) {
    if (trainingRows() == 0) {
      throw new IllegalArgumentException(
          validationRows == 0
              ? "The dataset has no rows; give fit() at least one row of each of two classes."
              : "All %s rows are validation rows; give fit() rows to train on."
                  .formatted(validationRows));
    }
    if (trainingWeight == 0) {
      throw new IllegalArgumentException(
          "All %s training rows have the weight 0; give those that count a positive weight."
              .formatted(trainingRows()));
    }
    if (declaredClasses > 0 && classes() > declaredClasses) {
      throw new IllegalArgumentException(
          "Column \"%s\" has the label %s, but its metadata names %s classes; index it again."
              .formatted(label, classes() - 1, declaredClasses));
    }
    if (Arrays.stream(classRows).filter(rows -> rows > 0).count() < 2) {
      throw new IllegalArgumentException(
          "All %s training rows have the same label in column \"%s\"; a classifier needs at least two classes."
              .formatted(trainingRows(), label));
    }
  }

  /** Counts one partition; its result is the counts, or a sentence against the first bad row. */
  private record CountLabels(LabelCheck check)
      implements FlatMapFunction<Iterator<InternalRow>, Object[]> {

    @Override
    public Iterator<Object[]> call(Iterator<InternalRow> rows) {
      long[] counts = new long[HEADER + 2];
      double trainingWeight = 0;
      double validationWeight = 0;
      try {
        while (rows.hasNext()) {
          InternalRow row = rows.next();
          float weight = check.weightOf(row.isNullAt(1), row.isNullAt(1) ? 0 : row.getDouble(1));
          trainingWeight += row.getBoolean(2) ? 0 : weight;
          validationWeight += row.getBoolean(2) ? weight : 0;
          counts = count(row, counts);
        }
      } catch (IllegalArgumentException e) {
        return List.<Object[]>of(new Object[] {String.valueOf(e.getMessage())}).iterator();
      }
      List<Object[]> result = new ArrayList<>();
      result.add(new Object[] {counts, trainingWeight, validationWeight});
      return result.iterator();
    }

    private long[] count(InternalRow row, long[] counts) {
      int label = check.classOf(row.isNullAt(0), row.isNullAt(0) ? 0 : row.getDouble(0));
      long[] grown =
          counts.length > HEADER + label ? counts : Arrays.copyOf(counts, HEADER + label + 1);
      grown[0]++;
      if (row.getBoolean(2)) {
        grown[1]++;
      } else {
        grown[HEADER + label]++;
      }
      return grown;
    }
  }
}
