package io.sparkfocal.job;

import io.sparkfocal.data.FeatureEncoding;
import io.sparkfocal.data.ImageEncoding;
import io.sparkfocal.network.ImageShape;
import io.sparkfocal.network.NetworkDescription;
import io.sparkfocal.network.TabularNetwork;
import io.sparkfocal.persist.Safetensors;
import io.sparkfocal.persist.TrainedNetwork;
import io.sparkfocal.train.FlatParameters;
import io.sparkfocal.train.ParameterSlice;
import java.io.Serializable;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.jspecify.annotations.Nullable;

/**
 * The weights that a training begins with: those of an earlier model of the same network, or of one
 * that differs in its output layer alone. The features are encoded as that model has them.
 *
 * @param encoding of the features
 * @param shapes of its parameters, by name
 * @param values of each, broadcast
 */
public record InitialWeights(
    FeatureEncoding encoding, Map<String, long[]> shapes, Map<String, Broadcast<float[]>> values)
    implements Serializable {

  /**
   * Of a model, for a network.
   *
   * @param wanted the network that is to be trained, without what only ranks know
   * @param images shape of the rows that are images; null for others
   * @throws IllegalArgumentException if the model has another network than in its output layer
   */
  static InitialWeights of(
      TrainedNetwork model,
      NetworkDescription wanted,
      @Nullable ImageShape images,
      JavaSparkContext spark) {
    int width = wanted.features();
    NetworkDescription had = model.description();
    if (model.encoding().features() != width) {
      throw new IllegalArgumentException(
          "initialModel takes %s features, but there are %s; give it the features it was trained on."
              .formatted(model.encoding().features(), width));
    }
    ImageShape hadImages =
        model.encoding() instanceof ImageEncoding ofImages ? ofImages.shape() : null;
    if (!Objects.equals(hadImages, images)) {
      throw new IllegalArgumentException(
          "initialModel was trained on %s, but the rows are %s; give it rows as it was trained on."
              .formatted(described(hadImages), described(images)));
    }
    NetworkDescription encoded = model.encoding().network(wanted);
    if (!had.provider().equals(encoded.provider())
        || !TabularNetwork.layers(had.arguments())
            .equals(TabularNetwork.layers(encoded.arguments()))) {
      throw new IllegalArgumentException(
          "initialModel has the network %s %s, but this fit has %s %s; set the same one."
              .formatted(had.provider(), had.arguments(), encoded.provider(), encoded.arguments()));
    }
    Map<String, long[]> shapes = new LinkedHashMap<>();
    Map<String, Broadcast<float[]>> values = new LinkedHashMap<>();
    for (Map.Entry<String, Safetensors.Tensor> entry : model.weights().entrySet()) {
      shapes.put(entry.getKey(), entry.getValue().shape());
      values.put(entry.getKey(), spark.broadcast(entry.getValue().values()));
    }
    return new InitialWeights(model.encoding(), shapes, values);
  }

  private static String described(@Nullable ImageShape images) {
    return images == null ? "numbers" : "images of inputShape " + Arrays.toString(images.toArray());
  }

  /**
   * Puts them into a network, all but those whose shape depends on the number of outputs.
   *
   * @throws IllegalArgumentException if none fits
   */
  void putInto(FlatParameters parameters) {
    int taken = 0;
    for (ParameterSlice slice : parameters.slices()) {
      long[] shape = shapes.get(slice.name());
      Broadcast<float[]> given = values.get(slice.name());
      if (given != null && Arrays.equals(shape, slice.shape())) {
        parameters.set(slice, given.value());
        taken++;
      }
    }
    if (taken == 0) {
      throw new IllegalArgumentException(
          "initialModel has no parameter of the network; its parameters are %s."
              .formatted(shapes.keySet()));
    }
  }

  /** As the plan of a checkpoint tells it. */
  @Override
  public String toString() {
    return "weights of a model with " + shapes.keySet();
  }
}
