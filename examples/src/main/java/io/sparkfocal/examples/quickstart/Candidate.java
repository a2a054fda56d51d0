package io.sparkfocal.examples.quickstart;

import io.sparkfocal.ml.FocalLossClassifier;
import java.util.List;

/**
 * A loss to try.
 *
 * @param name as on the command line
 * @param title as in the table
 * @param loss the estimator's loss
 * @param alpha the estimator's class weights
 */
record Candidate(String name, String title, String loss, String alpha) {

  static final Candidate CROSS_ENTROPY =
      new Candidate("ce", "cross entropy", "crossEntropy", "none");
  static final Candidate WEIGHTED_CROSS_ENTROPY =
      new Candidate("weighted-ce", "weighted cross entropy", "crossEntropy", "balanced");
  static final Candidate FOCAL = new Candidate("focal", "focal", "focal", "none");
  static final List<Candidate> COMPARED = List.of(CROSS_ENTROPY, WEIGHTED_CROSS_ENTROPY, FOCAL);

  /** The candidate of that name. */
  static Candidate named(String name) {
    return COMPARED.stream()
        .filter(c -> c.name.equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "--loss is \"" + name + "\"; choose focal, weighted-ce or ce."));
  }

  void applyTo(FocalLossClassifier classifier) {
    classifier.setLoss(loss).setAlpha(alpha);
  }
}
