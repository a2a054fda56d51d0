package io.sparkfocal.ml;

import io.sparkfocal.calibration.LogitLink;

/**
 * The number that attributions explain, as a function of the logits of a row: with two classes the
 * log odds of class 1, else the logit of one class or label, or the logarithm of its sigmoid, over
 * the temperature.
 *
 * @param link from logits to raw scores
 * @param outputs logits of a row
 */
record ExplainedScore(LogitLink link, int outputs) {

  private static final int TWO = 2;

  /**
   * Its value.
   *
   * @param logits of many rows
   * @param from where the row begins
   * @param c the class; not looked at if there are two
   */
  double value(float[] logits, int from, int c) {
    if (link.isMultilabel()) {
      return link.raw(logits, from, outputs)[c];
    }
    double[] scores = LogitLink.softmaxSpace(link.raw(logits, from, outputs), outputs);
    return scores.length == TWO ? scores[1] - scores[0] : scores[c];
  }

  /**
   * Its derivatives by the logits of the row.
   *
   * @param into where they go, at the same place as the logits
   */
  void slopes(float[] logits, int from, int c, float[] into) {
    if (link.isMultilabel()) {
      into[from + c] = (float) (1 / link.temperature());
    } else if (outputs == 1) {
      into[from] = (float) (1 / link.temperature());
    } else if (outputs == TWO) {
      into[from] = -slope(logits, from, 0);
      into[from + 1] = slope(logits, from, 1);
    } else {
      into[from + c] = slope(logits, from, c);
    }
  }

  /** That of the logarithm of a sigmoid is the sigmoid of minus its argument. */
  private float slope(float[] logits, int from, int i) {
    double shifted = logits[from + i] + (link.offsets().length == 0 ? 0 : link.offsets()[i]);
    double inner = link.sigmoid() ? 1 / (1 + Math.exp(shifted)) : 1;
    return (float) (inner / link.temperature());
  }
}
