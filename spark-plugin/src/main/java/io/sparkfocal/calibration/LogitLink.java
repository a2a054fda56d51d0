package io.sparkfocal.calibration;

import java.io.Serializable;
import java.util.Arrays;

/**
 * From a network's logits to raw scores and probabilities of the classes.
 *
 * @param sigmoid whether the network was trained with a sigmoid of each logit, not a softmax
 * @param isMultilabel whether each logit is of a label by itself, of which a row may have several
 * @param temperature what raw scores are divided by, above 0
 * @param offsets added to the logits, one for each; empty for none
 */
@SuppressWarnings("ArrayRecordComponent") // compared by its text only
public record LogitLink(boolean sigmoid, boolean isMultilabel, double temperature, double[] offsets)
    implements Serializable {

  /** Of rows that have one class each. */
  public LogitLink(boolean sigmoid, double temperature, double[] offsets) {
    this(sigmoid, false, temperature, offsets);
  }

  /** Logits as they are. */
  public static LogitLink plain(boolean sigmoid) {
    return new LogitLink(sigmoid, 1, new double[0]);
  }

  /** Of rows that may have several labels. */
  public static LogitLink multilabel() {
    return new LogitLink(true, true, 1, new double[0]);
  }

  /** The same with another temperature. */
  public LogitLink withTemperature(double value) {
    return new LogitLink(sigmoid, isMultilabel, value, offsets);
  }

  /**
   * Raw scores: the shifted logits over the temperature; for one logit x the pair (-x, x); for two
   * logits the pair (-m/2, m/2) of their margin m = z1 - z0, so that the second score ranks rows as
   * the probability of class 1 does; for several sigmoids the logarithms of their values in place
   * of the logits. Of several labels the logits over the temperature.
   *
   * @param logits of many rows
   * @param from where the row begins
   * @param outputs logits of a row
   */
  public double[] raw(float[] logits, int from, int outputs) {
    double[] shifted = new double[outputs];
    for (int i = 0; i < outputs; i++) {
      shifted[i] = logits[from + i] + (offsets.length == 0 ? 0 : offsets[i]);
    }
    if (isMultilabel) {
      for (int i = 0; i < outputs; i++) {
        shifted[i] /= temperature;
      }
      return shifted;
    }
    if (outputs == 1) {
      return new double[] {-shifted[0] / temperature, shifted[0] / temperature};
    }
    for (int i = 0; i < outputs; i++) {
      shifted[i] = (sigmoid ? logSigmoid(shifted[i]) : shifted[i]) / temperature;
    }
    if (outputs == 2) {
      double half = (shifted[1] - shifted[0]) / 2;
      return new double[] {-half, half};
    }
    return shifted;
  }

  private static double logSigmoid(double x) {
    return Math.min(x, 0) - Math.log1p(Math.exp(-Math.abs(x)));
  }

  /**
   * Raw scores whose softmax are the probabilities.
   *
   * @param raw as {@link #raw} gave them
   * @param outputs logits of a row
   */
  public static double[] softmaxSpace(double[] raw, int outputs) {
    // sigmoid(x) is the softmax of (-x/2, x/2).
    return outputs == 1 ? new double[] {raw[0] / 2, raw[1] / 2} : raw;
  }

  /** The probability of each of several labels. */
  public static double[] sigmoids(double[] raw) {
    double[] probabilities = new double[raw.length];
    for (int i = 0; i < raw.length; i++) {
      double e = Math.exp(-Math.abs(raw[i]));
      probabilities[i] = raw[i] < 0 ? e / (1 + e) : 1 / (1 + e);
    }
    return probabilities;
  }

  /** Probabilities of the classes, which add up to 1. */
  public static double[] probabilities(double[] raw, int outputs) {
    double[] scores = softmaxSpace(raw, outputs);
    double largest = Arrays.stream(scores).max().orElse(0);
    double[] probabilities = new double[scores.length];
    double sum = 0;
    for (int i = 0; i < scores.length; i++) {
      probabilities[i] = Math.exp(scores[i] - largest);
      sum += probabilities[i];
    }
    for (int i = 0; i < scores.length; i++) {
      probabilities[i] /= sum;
    }
    return probabilities;
  }

  @Override
  public String toString() {
    return "LogitLink[%s, temperature=%s, offsets=%s]"
        .formatted(
            isMultilabel ? "multilabel" : "sigmoid=" + sigmoid,
            temperature,
            Arrays.toString(offsets));
  }
}
