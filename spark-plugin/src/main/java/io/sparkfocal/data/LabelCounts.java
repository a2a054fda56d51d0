package io.sparkfocal.data;

import java.util.Arrays;
import java.util.List;

/**
 * How many rows there are by class.
 *
 * @param classRows training rows of each class, up to the highest label seen or declared
 * @param validationRows rows to validate on
 * @param trainingWeight sum of the training rows' weights
 * @param validationWeight sum of the validation rows' weights
 */
public record LabelCounts(
    long[] classRows, long validationRows, double trainingWeight, double validationWeight) {

  /** As many classes as there may be. */
  public static final int MOST_CLASSES = LabelCheck.MOST_CLASSES;

  /**
   * Of an input.
   *
   * @param partitions of the input
   * @param classRows training rows of each class in all partitions
   * @param declaredClasses how many classes the label's metadata tells; 0 if it tells nothing
   */
  public static LabelCounts of(
      List<PartitionRows> partitions, long[] classRows, int declaredClasses) {
    return new LabelCounts(
        Arrays.copyOf(classRows, Math.max(classRows.length, declaredClasses)),
        partitions.stream()
            .flatMap(p -> p.blocks().stream())
            .filter(PartitionRows.BlockInfo::validation)
            .mapToLong(PartitionRows.BlockInfo::rows)
            .sum(),
        partitions.stream().mapToDouble(PartitionRows::trainingWeight).sum(),
        partitions.stream().mapToDouble(PartitionRows::validationWeight).sum());
  }

  /**
   * Of an input whose validation rows were chosen by a hash.
   *
   * @param bothRows for each class its training rows, then its validation rows
   * @param fewest if there are fewer rows, or a class has none but those, all of them train
   */
  public static LabelCounts ofHeld(
      List<PartitionRows> partitions, long[] bothRows, int declaredClasses, long fewest) {
    boolean all = Arrays.stream(bothRows).sum() < fewest;
    for (int c = 0; c < bothRows.length / 2; c++) {
      all |= bothRows[2 * c] == 0 && bothRows[2 * c + 1] > 0;
    }
    boolean allTrain = all;
    long[] rows = new long[bothRows.length / 2];
    Arrays.setAll(rows, c -> bothRows[2 * c] + (allTrain ? bothRows[2 * c + 1] : 0));
    LabelCounts counts = of(partitions, rows, declaredClasses);
    return allTrain
        ? new LabelCounts(counts.classRows, 0, counts.trainingWeight + counts.validationWeight, 0)
        : counts;
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
        Arrays.copyOf(classRows, numClasses), validationRows, trainingWeight, validationWeight);
  }

  /** The same without rows to validate on. */
  public LabelCounts withoutValidation() {
    return new LabelCounts(classRows, 0, trainingWeight, 0);
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
}
