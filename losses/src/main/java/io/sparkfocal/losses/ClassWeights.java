package io.sparkfocal.losses;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import java.util.Set;

/** The weight (alpha) of each class: one for all, or one per class. */
final class ClassWeights {

  private final float[] alphas;

  private ClassWeights(float[] alphas) {
    this.alphas = alphas;
  }

  /** Checks the weights; none means weight 1 for every class, a single one is that of all. */
  static ClassWeights of(float... alphas) {
    if (alphas.length == 0) {
      return new ClassWeights(new float[] {1f});
    }
    boolean allZero = true;
    for (int i = 0; i < alphas.length; i++) {
      if (!Float.isFinite(alphas[i]) || alphas[i] < 0) {
        throw new IllegalArgumentException(
            "Alpha must be finite and at least 0 but number %s of %s is %s."
                .formatted(i, alphas.length, alphas[i]));
      }
      allZero &= alphas[i] == 0;
    }
    if (allZero) {
      throw new IllegalArgumentException(
          "Alpha is 0 for every class, so that nothing is learned; set one above 0.");
    }
    return new ClassWeights(alphas.clone());
  }

  /** That classes differ, if they do. */
  Set<LossTrait> traits() {
    return alphas.length == 1 ? Set.of() : Set.of(LossTrait.KNOWS_CLASSES);
  }

  /** A copy: one number for all classes, or one per class. */
  float[] numbers() {
    return alphas.clone();
  }

  Prepared prepare(Constants constants) {
    return new Prepared(constants.vector(alphas), alphas.length);
  }

  /**
   * The weights on a device.
   *
   * @param alphas shape (C), or (1) for all classes
   * @param count how many there are
   */
  record Prepared(NDArray alphas, int count) {

    /** Fails unless there is one weight per class or one for all. */
    void check(Batch batch) {
      if (count != 1 && count != batch.classes()) {
        throw new IllegalArgumentException(
            "Alpha has %s numbers but the logits have %s classes; give one per class, one for all or none."
                .formatted(count, batch.classes()));
      }
    }

    /**
     * The weight of each row, shape (B), attached to the manager of the logits.
     *
     * <p>The labels must have been used as an index before, as only this tells negative ones.
     */
    NDArray ofRows(Batch batch) {
      if (count > 1) {
        return alphas.take(batch.logits().getManager(), batch.labels());
      }
      NDArray weights = alphas.broadcast(new Shape(batch.rows())).duplicate();
      weights.attach(batch.logits().getManager());
      return weights;
    }
  }
}
