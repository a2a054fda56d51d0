package io.sparkfocal.export;

import io.sparkfocal.persist.Safetensors;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The weights of a model by what they are in their layer, in the order of the layers.
 *
 * <p>A model names a weight by its layers and then, behind the last underscore, by what it is
 * there.
 */
final class StoredWeights {

  private final Map<String, Deque<Safetensors.Tensor>> byKind = new HashMap<>();

  StoredWeights(Map<String, Safetensors.Tensor> weights) {
    weights.forEach(
        (name, tensor) ->
            byKind
                .computeIfAbsent(
                    name.substring(name.lastIndexOf('_') + 1), kind -> new ArrayDeque<>())
                .add(tensor));
  }

  /** How many of that kind are left. */
  int left(String kind) {
    Deque<Safetensors.Tensor> all = byKind.get(kind);
    return all == null ? 0 : all.size();
  }

  /** The next one of that kind. */
  Safetensors.Tensor next(String kind) {
    Deque<Safetensors.Tensor> all = byKind.get(kind);
    if (all == null || all.isEmpty()) {
      throw new IllegalStateException(
          "The network needs another weight \"%s\" than the model has.".formatted(kind));
    }
    return all.remove();
  }

  /** Adds the next one to a graph. */
  Tensor next(GraphBuilder graph, String kind) {
    Safetensors.Tensor tensor = next(kind);
    return graph.trained(kind, tensor.shape(), tensor.values());
  }

  /**
   * Requires that all were asked for, so that no layer is left out.
   *
   * @throws IllegalStateException if some were not
   */
  void requireNone() {
    List<String> left = new ArrayList<>();
    byKind.forEach((kind, tensors) -> tensors.forEach(tensor -> left.add(kind)));
    if (!left.isEmpty()) {
      throw new IllegalStateException(
          "The model has weights %s that its network does not take.".formatted(left));
    }
  }
}
