package io.sparkfocal.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import ai.djl.nn.Parameter;
import ai.djl.util.Pair;
import io.sparkfocal.compat.TensorCopy;
import io.sparkfocal.losses.Autograd;
import io.sparkfocal.network.Layers;
import io.sparkfocal.network.NetworkDescription;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Map;

/** Builds a network that only scores, from stored values; it has no memory for gradients. */
public final class StoredParameters {

  /** Values that are copied at once. */
  private static final int PIECE = 1 << 22;

  private StoredParameters() {}

  /**
   * A network with these values.
   *
   * @param manager owns the parameters; on the CPU
   * @param shapes by parameter name, in the order of {@link FlatParameters}
   * @param values of each, in that order
   * @throws IllegalArgumentException if the network has other parameters
   */
  public static Block build(
      NetworkDescription description,
      NDManager manager,
      Map<String, long[]> shapes,
      Iterator<float[]> values) {
    return Autograd.unrecorded(
        () -> {
          Block network = description.build(Layers.forInference());
          InitialValues.replaceRandomInitializers(network);
          network.initialize(manager, DataType.FLOAT32, new Shape(1, description.features()));
          List<Pair<String, Parameter>> parameters = FlatParameters.inOrder(network);
          require(description, parameters, shapes);
          parameters.forEach(named -> fill(named.getValue().getArray(), values.next()));
          // Gradients are those of inputs, if any; threads share the parameters.
          parameters.forEach(named -> named.getValue().freeze(true));
          return network;
        });
  }

  private static void require(
      NetworkDescription description,
      List<Pair<String, Parameter>> parameters,
      Map<String, long[]> shapes) {
    List<String> built = new ArrayList<>();
    parameters.forEach(
        named ->
            built.add(text(named.getKey(), named.getValue().getArray().getShape().getShape())));
    List<String> stored = new ArrayList<>();
    shapes.forEach((name, shape) -> stored.add(text(name, shape)));
    if (!built.equals(stored)) {
      throw new IllegalArgumentException(
          "Network provider \"%s\" builds the parameters %s, but the model has %s; use the provider's version that trained it."
              .formatted(description.provider(), built, stored));
    }
  }

  private static String text(String name, long[] shape) {
    return name + Arrays.toString(shape);
  }

  /** In pieces, since a direct buffer has 2 GiB at most. */
  private static void fill(NDArray parameter, float[] values) {
    try (NDArray flat = parameter.stopGradient().reshape(-1)) {
      for (int from = 0; from < values.length; ) {
        int to = from + Math.min(PIECE, values.length - from);
        try (NDArray view = flat.get(from + ":" + to);
            NDArray piece = flat.getManager().create(Arrays.copyOfRange(values, from, to))) {
          TensorCopy.into(view, piece);
        }
        from = to;
      }
    }
  }
}
