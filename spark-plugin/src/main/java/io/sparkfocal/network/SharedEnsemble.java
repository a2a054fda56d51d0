package io.sparkfocal.network;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.AbstractBlock;
import ai.djl.nn.Activation;
import ai.djl.nn.Parameter;
import ai.djl.training.ParameterStore;
import ai.djl.util.PairList;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * K perceptrons that share the weights of their hidden layers: each has its own scale of every
 * input, its own biases and its own last layer (TabM-mini, Gorishniy et al. 2024, arXiv
 * 2410.24210).
 *
 * <p>The scales begin as random signs, one for each member and feature. In training the output has
 * shape (K B, outputs), the rows of one member after those of the other; else it is (B, outputs),
 * the logarithm of the members' mean probability, or the mean of their logits.
 */
final class SharedEnsemble extends AbstractBlock implements SizedBlock {

  private final int[] hidden;
  private final int outputs;
  private final int members;
  private final boolean averagesLogits;
  private final List<SharedDropout> dropouts;
  private final int width;
  private final Parameter scales;
  private final List<Parameter> weights = new ArrayList<>();
  private final List<Parameter> biases = new ArrayList<>();
  private final Parameter head;
  private final Parameter headBias;

  /**
   * Of these layers, not initialised.
   *
   * @param origins for each input the feature that it comes from
   */
  SharedEnsemble(
      int[] origins,
      int[] hidden,
      int outputs,
      int members,
      boolean averagesLogits,
      List<SharedDropout> dropouts) {
    this.hidden = hidden;
    this.outputs = outputs;
    this.members = members;
    this.averagesLogits = averagesLogits;
    this.dropouts = dropouts;
    this.width = origins.length;
    this.scales =
        add(
            "scales",
            new Shape(members, 1, width),
            (random, shape) -> signs(random, members, origins));
    int from = width;
    for (int i = 0; i < hidden.length; i++) {
      SeededInitializer uniform = SeededInitializer.uniform(1 / Math.sqrt(from));
      weights.add(add("weight" + i, new Shape(from, hidden[i]), uniform));
      biases.add(add("bias" + i, new Shape(members, 1, hidden[i]), uniform));
      from = hidden[i];
    }
    SeededInitializer last = SeededInitializer.uniform(1 / Math.sqrt(from));
    this.head = add("head", new Shape(members, from, outputs), last);
    this.headBias = add("headBias", new Shape(members, 1, outputs), last);
  }

  private Parameter add(String name, Shape shape, SeededInitializer initializer) {
    return addParameter(initializer.parameter(name, shape));
  }

  private static float[] signs(CounterRandom random, int members, int... origins) {
    int features = 0;
    for (int origin : origins) {
      features = Math.max(features, origin + 1);
    }
    float[] values = new float[members * origins.length];
    for (int member = 0; member < members; member++) {
      float[] ofFeatures = new float[features];
      for (int i = 0; i < features; i++) {
        ofFeatures[i] = random.nextLong() < 0 ? -1 : 1;
      }
      for (int i = 0; i < origins.length; i++) {
        values[member * origins.length + i] = ofFeatures[origins[i]];
      }
    }
    return values;
  }

  @Override
  protected NDList forwardInternal(
      ParameterStore parameters,
      NDList inputs,
      boolean training,
      @Nullable PairList<String, Object> params) {
    NDArray current = inputs.singletonOrThrow().expandDims(0).mul(scales.getArray());
    int from = width;
    for (int i = 0; i < hidden.length; i++) {
      NDArray shared = current.reshape(-1, from).matMul(weights.get(i).getArray());
      from = hidden[i];
      NDArray own = shared.reshape(members, -1, from).add(biases.get(i).getArray());
      current = Activation.relu(own);
      if (training) {
        current = dropouts.get(i).of(current);
      }
    }
    NDArray logits = current.matMul(head.getArray()).add(headBias.getArray());
    return new NDList(training ? logits.reshape(-1, outputs) : averaged(logits));
  }

  private NDArray averaged(NDArray logits) {
    if (averagesLogits) {
      return logits.mean(new int[] {0});
    }
    NDArray logs = logits.logSoftmax(2);
    NDArray most = logs.max(new int[] {0}, true);
    return logs.sub(most).exp().mean(new int[] {0}).log().add(most.squeeze(0));
  }

  @Override
  public Shape[] getOutputShapes(Shape[] inputShapes) {
    return new Shape[] {new Shape(inputShapes[0].get(0), outputs)};
  }

  @Override
  public long bytesPerRow() {
    long widest = width;
    for (int units : hidden) {
      widest = Math.max(widest, units);
    }
    // What comes in, and what goes out of a layer, for each member; as much for the activation.
    return Float.BYTES * (3L * width + members * 3L * (widest + outputs));
  }
}
