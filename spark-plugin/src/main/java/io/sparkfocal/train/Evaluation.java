package io.sparkfocal.train;

import java.io.Serializable;

/**
 * What a network does on a set of rows, over all ranks.
 *
 * @param loss mean loss, with sample and class weights
 * @param macroRecall mean recall over the classes that have rows
 * @param accuracy share of rows whose class was recognised
 */
public record Evaluation(double loss, double macroRecall, double accuracy) implements Serializable {

  /**
   * Of counts by class.
   *
   * @param rows rows of each class
   * @param hits rows of each class that were recognised
   */
  static Evaluation of(double loss, double[] rows, double[] hits) {
    double recalls = 0;
    double allRows = 0;
    double allHits = 0;
    int classes = 0;
    for (int c = 0; c < rows.length; c++) {
      if (rows[c] > 0) {
        recalls += hits[c] / rows[c];
        classes++;
      }
      allRows += rows[c];
      allHits += hits[c];
    }
    return new Evaluation(loss, recalls / Math.max(1, classes), allHits / Math.max(1, allRows));
  }
}
