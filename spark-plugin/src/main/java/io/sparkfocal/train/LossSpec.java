package io.sparkfocal.train;

import io.sparkfocal.losses.ClassificationLoss;
import io.sparkfocal.losses.CrossEntropyLoss;
import io.sparkfocal.losses.FocalLoss;
import io.sparkfocal.losses.Reduction;
import io.sparkfocal.losses.SigmoidFocalLoss;
import java.io.Serializable;
import java.util.Objects;

/**
 * A loss by name and numbers, as it travels to the ranks.
 *
 * @param kind which loss
 * @param gamma focusing exponent, at least 0; unused by cross entropy
 * @param alpha weight of each class; empty for no class weights
 * @param reduction what a step's sum is divided by: {@code MEAN} or {@code WEIGHTED_MEAN}
 */
public record LossSpec(Kind kind, double gamma, float[] alpha, Reduction reduction)
    implements Serializable {

  /** The losses that can be chosen by name. */
  public enum Kind {
    /** Softmax focal loss. */
    FOCAL("focal"),
    /** Sigmoid focal loss of one logit, for two classes. */
    SIGMOID_FOCAL("sigmoidFocal"),
    /** Softmax cross entropy. */
    CROSS_ENTROPY("crossEntropy");

    private final String label;

    Kind(String label) {
      this.label = label;
    }

    /** The name that users write. */
    public String label() {
      return label;
    }

    /** The loss of that name. */
    public static Kind of(String label) {
      for (Kind kind : values()) {
        if (kind.label.equals(label)) {
          return kind;
        }
      }
      throw new IllegalArgumentException(
          "Unknown loss \"" + label + "\"; choose focal, sigmoidFocal or crossEntropy.");
    }

    /** How many logits the network needs for this many classes. */
    public int outputs(int classes) {
      return this == SIGMOID_FOCAL ? 1 : classes;
    }
  }

  /**
   * Requires that there is such a loss.
   *
   * @throws IllegalArgumentException if gamma or alpha is out of range
   */
  public void requirePossible() {
    Objects.requireNonNull(loss());
  }

  /** The loss itself. */
  public ClassificationLoss loss() {
    return switch (kind) {
      case FOCAL -> FocalLoss.builder().optGamma((float) gamma).optAlpha(alpha).build();
      case CROSS_ENTROPY -> CrossEntropyLoss.builder().optAlpha(alpha).build();
      case SIGMOID_FOCAL -> sigmoidFocal();
    };
  }

  private ClassificationLoss sigmoidFocal() {
    SigmoidFocalLoss.Builder builder = SigmoidFocalLoss.builder().optGamma((float) gamma);
    return switch (alpha.length) {
      case 0 -> builder.optWeights(1f, 1f).build();
      case 1 -> builder.optAlpha(alpha[0]).build();
      default -> builder.optWeights(alpha[0], alpha[1]).build();
    };
  }
}
