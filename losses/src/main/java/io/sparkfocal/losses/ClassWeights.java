package io.sparkfocal.losses;

import java.util.Arrays;

/** Checks of the numbers that losses are built from. */
final class ClassWeights {

  private ClassWeights() {}

  /** A copy of the class weights, each finite and at least 0, not all of them 0. */
  static float[] checked(float... alpha) {
    boolean allZero = alpha.length > 0;
    for (float weight : alpha) {
      if (!(weight >= 0) || Float.isInfinite(weight)) {
        throw new IllegalArgumentException(
            "alpha is " + Arrays.toString(alpha) + "; every weight must be finite and at least 0.");
      }
      allZero &= weight == 0;
    }
    if (allZero) {
      throw new IllegalArgumentException(
          "alpha is " + Arrays.toString(alpha) + "; at least one weight must be above 0.");
    }
    return alpha.clone();
  }

  /** The focusing exponent, if it is finite and at least 0. */
  static float checkedGamma(float gamma) {
    if (!(gamma >= 0) || Float.isInfinite(gamma)) {
      throw new IllegalArgumentException(
          "gamma is " + gamma + "; it must be finite and at least 0.");
    }
    return gamma;
  }
}
