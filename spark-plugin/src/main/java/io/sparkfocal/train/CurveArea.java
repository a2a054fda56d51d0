package io.sparkfocal.train;

/**
 * Areas under the curves of a ranking, from weights by score: of the rows to be found and of the
 * others, in bins of ascending scores. Rows of one bin are ties.
 */
final class CurveArea {

  private CurveArea() {}

  /**
   * Average precision: the sum over bins of precision times what recall gains there, each bin being
   * one threshold, as in scikit-learn. NaN without rows to be found.
   */
  static double averagePrecision(double[] own, double[] others) {
    double found = 0;
    double wrong = 0;
    double area = 0;
    for (int bin = own.length - 1; bin >= 0; bin--) {
      found += own[bin];
      wrong += others[bin];
      area += own[bin] == 0 ? 0 : own[bin] * found / (found + wrong);
    }
    return area / found;
  }

  /**
   * Share of pairs in which the row to be found is above the other; ties count half. NaN without
   * rows of both kinds.
   */
  static double underRoc(double[] own, double[] others) {
    double found = 0;
    double below = 0;
    double area = 0;
    for (int bin = 0; bin < own.length; bin++) {
      area += own[bin] * (below + others[bin] / 2);
      found += own[bin];
      below += others[bin];
    }
    return area / (found * below);
  }
}
