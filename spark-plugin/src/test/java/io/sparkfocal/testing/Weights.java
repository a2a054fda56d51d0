package io.sparkfocal.testing;

import io.sparkfocal.persist.Safetensors.Tensor;
import io.sparkfocal.train.FlatParameters;
import java.util.LinkedHashMap;
import java.util.Map;

/** Weights of a network that nobody trained. */
public final class Weights {

  private Weights() {}

  /** As a model has them. */
  public static Map<String, Tensor> of(FlatParameters parameters) {
    Map<String, Tensor> named = new LinkedHashMap<>();
    parameters
        .slices()
        .forEach(
            slice ->
                named.put(
                    slice.name(),
                    new Tensor(
                        slice.shape(),
                        parameters.values().part(slice.offset(), slice.size()).toArray())));
    return named;
  }
}
