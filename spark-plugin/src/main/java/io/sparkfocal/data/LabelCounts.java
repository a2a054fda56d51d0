package io.sparkfocal.data;

import java.util.Arrays;
import java.util.List;

/**
 * How many rows there are by class.
 *
 * @param classRows training rows of each class, up to the highest label seen or declared, or the
 *     sum of each of several labels, rounded
 * @param trainingRows rows to train on
 * @param validationRows rows to validate on
 * @param trainingWeight sum of the training rows' weights
 * @param validationWeight sum of the validation rows' weights
 * @param isMultilabel whether a row has several labels
 */
public record LabelCounts(
    long[] classRows,
    long trainingRows,
    long validationRows,
    double trainingWeight,
    double validationWeight,
    boolean isMultilabel) {

  /** Of rows that have one class each. */
  public LabelCounts(
      long[] classRows, long validationRows, double trainingWeight, double validationWeight) {
    this(
        classRows,
        Arrays.stream(classRows).sum(),
        validationRows,
        trainingWeight,
        validationWeight,
        false);
  }

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
    boolean isMultilabel = isMultilabel(partitions);
    return new LabelCounts(
        isMultilabel
            ? Arrays.stream(classRows).map(PartitionRows::rowsOfLabel).toArray()
            : Arrays.copyOf(classRows, Math.max(classRows.length, declaredClasses)),
        rows(partitions, false),
        rows(partitions, true),
        partitions.stream().mapToDouble(PartitionRows::trainingWeight).sum(),
        partitions.stream().mapToDouble(PartitionRows::validationWeight).sum(),
        isMultilabel);
  }

  private static boolean isMultilabel(List<PartitionRows> partitions) {
    return partitions.stream().anyMatch(p -> p.targets() > 0);
  }

  private static long rows(List<PartitionRows> partitions, boolean validation) {
    return partitions.stream()
        .flatMap(p -> p.blocks().stream())
        .filter(block -> block.validation() == validation)
        .mapToLong(PartitionRows.BlockInfo::rows)
        .sum();
  }

  /**
   * Of an input whose validation rows were chosen by a hash.
   *
   * @param bothRows for each class its training rows, then its validation rows
   * @param fewest if there are fewer rows, or a class has none but those, all of them train
   */
  public static LabelCounts ofHeld(
      List<PartitionRows> partitions, long[] bothRows, int declaredClasses, long fewest) {
    boolean all = rows(partitions, false) + rows(partitions, true) < fewest;
    boolean isMultilabel = isMultilabel(partitions);
    for (int c = 0; c < bothRows.length / 2 && !isMultilabel; c++) {
      all |= bothRows[2 * c] == 0 && bothRows[2 * c + 1] > 0;
    }
    boolean allTrain = all;
    long[] rows = new long[bothRows.length / 2];
    Arrays.setAll(rows, c -> bothRows[2 * c] + (allTrain ? bothRows[2 * c + 1] : 0));
    LabelCounts counts = of(partitions, rows, declaredClasses);
    return allTrain
        ? new LabelCounts(
            counts.classRows,
            counts.trainingRows + counts.validationRows,
            0,
            counts.trainingWeight + counts.validationWeight,
            0,
            counts.isMultilabel)
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
    if (isMultilabel) {
      throw new IllegalArgumentException(
          "numClasses is %s, but rows of column \"%s\" have %s labels; set it to 0."
              .formatted(numClasses, label, classes()));
    }
    return new LabelCounts(
        Arrays.copyOf(classRows, numClasses), validationRows, trainingWeight, validationWeight);
  }

  /** The same without rows to validate on. */
  public LabelCounts withoutValidation() {
    return new LabelCounts(classRows, trainingRows, 0, trainingWeight, 0, isMultilabel);
  }

  /** Whether there are rows to validate on, and any of them counts. */
  public boolean canValidate() {
    return validationWeight > 0;
  }

  /** How many classes there are, counting those without rows below the highest label. */
  public int classes() {
    return classRows.length;
  }

  /**
   * Requires rows of two classes to train on, or a label that not all rows have alike.
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
    if (isMultilabel && declaredClasses > 0 && classes() != declaredClasses) {
      throw new IllegalArgumentException(
          "Column \"%s\" has rows with %s labels, but its metadata names %s; make the vectors as long as it says."
              .formatted(label, classes(), declaredClasses));
    }
    if (declaredClasses > 0 && classes() > declaredClasses) {
      throw new IllegalArgumentException(
          "Column \"%s\" has the label %s, but its metadata names %s classes; index it again."
              .formatted(label, classes() - 1, declaredClasses));
    }
    if (isMultilabel) {
      if (Arrays.stream(classRows).allMatch(rows -> rows == 0 || rows == trainingRows)) {
        throw new IllegalArgumentException(
            "Each of the %s labels of column \"%s\" is the same in all %s training rows; at least one must be there in some and not in others."
                .formatted(classes(), label, trainingRows));
      }
      return;
    }
    if (Arrays.stream(classRows).filter(rows -> rows > 0).count() < 2) {
      throw new IllegalArgumentException(
          "All %s training rows have the same label in column \"%s\"; a classifier needs at least two classes."
              .formatted(trainingRows(), label));
    }
  }
}
