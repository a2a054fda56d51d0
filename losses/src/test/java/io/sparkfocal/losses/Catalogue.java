package io.sparkfocal.losses;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.IntFunction;

/** Every loss of the library, by the name of its case, made for a number of classes. */
final class Catalogue {

  private Catalogue() {}

  /** Counts of 1000 and falling, one per class. */
  static long[] counts(int classes) {
    long[] counts = new long[classes];
    for (int i = 0; i < classes; i++) {
      counts[i] = 1000 / (1 + 3L * i * i);
    }
    return counts;
  }

  static Map<String, IntFunction<ClassificationLoss>> losses() {
    Map<String, IntFunction<ClassificationLoss>> losses = new LinkedHashMap<>();
    losses.put("cross entropy", c -> CrossEntropyLoss.builder().build());
    losses.put(
        "cross entropy, smoothed", c -> CrossEntropyLoss.builder().optLabelSmoothing(0.1f).build());
    losses.put(
        "cross entropy, balanced",
        c -> CrossEntropyLoss.builder().optAlpha(ClassBalance.balanced(counts(c))).build());
    for (float gamma : new float[] {0, 0.5f, 1, 2, 5}) {
      losses.put("focal " + gamma, c -> FocalLoss.builder().optGamma(gamma).build());
      losses.put("sigmoid focal " + gamma, c -> SigmoidFocalLoss.builder().optGamma(gamma).build());
    }
    losses.put(
        "focal, class-balanced",
        c -> FocalLoss.builder().optAlpha(ClassBalance.effectiveNumber(0.99, counts(c))).build());
    losses.put("sigmoid cross entropy", c -> new SigmoidCrossEntropyLoss());
    losses.put("balanced softmax", c -> LogitAdjustedLoss.balancedSoftmax(counts(c)));
    losses.put("logit adjusted", c -> new LogitAdjustedLoss(0.5f, counts(c)));
    losses.put("ldam", c -> new LdamLoss(0.5f, 1, counts(c)));
    losses.put("ldam 30", c -> new LdamLoss(0.5f, 30, counts(c)));
    losses.put("asymmetric", c -> new AsymmetricLoss(1, 4, 0.05f));
    losses.put("asymmetric without margin", c -> new AsymmetricLoss(0, 2, 0));
    losses.put("poly", c -> new PolyFocalLoss(2, 1));
    losses.put("poly cross entropy", c -> new PolyFocalLoss(0, -0.5f));
    losses.put("varifocal", c -> new VarifocalLoss(0.75f, 2));
    losses.put("quality focal", c -> new QualityFocalLoss(2));
    losses.put("dice", c -> TverskyLoss.dice());
    losses.put("tversky", c -> new TverskyLoss(0.7f, 0.3f, 1));
    losses.put("focal tversky", c -> new TverskyLoss(0.7f, 0.3f, 0.75f));
    losses.put("ghm", c -> new GhmLoss(10));
    losses.put("seesaw", c -> new SeesawLoss(0.8f, 2));
    losses.put("seesaw, counted", c -> new SeesawLoss(0.8f, 2, counts(c)));
    losses.put("dual focal", c -> new DualFocalLoss(5));
    losses.put("flsd", c -> new FlsdLoss());
    losses.put(
        "weighted poly",
        c -> new ClassWeightedLoss(new PolyFocalLoss(2, 1), ClassBalance.balanced(counts(c))));
    return losses;
  }
}
