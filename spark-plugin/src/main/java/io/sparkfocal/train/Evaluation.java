package io.sparkfocal.train;

import java.io.Serializable;

/**
 * What a network does on a set of rows, over all ranks.
 *
 * @param loss mean loss, with sample and class weights
 * @param macroRecall mean recall over the classes that have rows
 * @param accuracy share of rows whose class was recognised
 * @param metric value of the {@link ValidationMetric} that chooses the best epoch, which is one of
 *     the others if that is; NaN if the rows do not define it, or in what an earlier version wrote
 */
public record Evaluation(double loss, double macroRecall, double accuracy, double metric)
    implements Serializable {

  /**
   * Of counts by class.
   *
   * @param chosen the metric that chooses the best epoch
   * @param rows rows of each class
   * @param hits rows of each class that were recognised
   * @param apart value of the metric, where it does not follow from the others
   */
  static Evaluation of(
      ValidationMetric chosen, double loss, double[] rows, double[] hits, double apart) {
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
    double macroRecall = recalls / Math.max(1, classes);
    double accuracy = allHits / Math.max(1, allRows);
    double metric =
        switch (chosen) {
          case LOSS -> loss;
          case MACRO_RECALL -> macroRecall;
          case ACCURACY, MICRO_F1 -> accuracy;
          case MACRO_F1, LOG_LOSS, PR_AUC, AUC -> apart;
        };
    return new Evaluation(loss, macroRecall, accuracy, metric);
  }
}
