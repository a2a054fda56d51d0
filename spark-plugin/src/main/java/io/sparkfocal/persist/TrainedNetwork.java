package io.sparkfocal.persist;

import com.esotericsoftware.kryo.DefaultSerializer;
import com.esotericsoftware.kryo.serializers.JavaSerializer;
import io.sparkfocal.calibration.LogitLink;
import io.sparkfocal.data.Standardization;
import io.sparkfocal.network.NetworkDescription;
import io.sparkfocal.train.FlatParameters;
import io.sparkfocal.train.ParameterSlice;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;

/**
 * Everything that scoring needs: the network by name, its weights, and what to do with features
 * before it and with logits after it.
 *
 * @param description how to build the network
 * @param classes how many classes there are
 * @param classNames names of the classes; may be empty
 * @param standardization for the features
 * @param link from logits to probabilities
 * @param weights by parameter name, in the order of the flat tensor
 */
@DefaultSerializer(JavaSerializer.class) // Kryo knows no records
public record TrainedNetwork(
    NetworkDescription description,
    int classes,
    List<String> classNames,
    Standardization standardization,
    LogitLink link,
    Map<String, Safetensors.Tensor> weights)
    implements Serializable {

  /** What travels to the executors that score. */
  public Scoring scoring() {
    List<ParameterSlice> slices = new ArrayList<>();
    long end = 0;
    for (Map.Entry<String, Safetensors.Tensor> named : weights.entrySet()) {
      ParameterSlice slice = new ParameterSlice(named.getKey(), named.getValue().shape(), end);
      slices.add(slice);
      end = slice.end();
    }
    float[] all = new float[Math.toIntExact(end)];
    StringBuilder layout = new StringBuilder();
    Iterator<ParameterSlice> places = slices.iterator();
    for (Safetensors.Tensor tensor : weights.values()) {
      ParameterSlice place = places.next();
      float[] values = tensor.values();
      System.arraycopy(values, 0, all, Math.toIntExact(place.offset()), values.length);
      layout.append(place).append(' ');
    }
    return new Scoring(description, classes, standardization, link, all, layout.toString());
  }

  /**
   * A network with its weights in one array.
   *
   * @param description how to build the network
   * @param classes how many classes there are
   * @param standardization for the features
   * @param link from logits to probabilities
   * @param weights values of the flat tensor
   * @param layout where each parameter lies in it
   */
  public record Scoring(
      NetworkDescription description,
      int classes,
      Standardization standardization,
      LogitLink link,
      float[] weights,
      String layout)
      implements Serializable {

    /**
     * Gives a freshly built network these weights.
     *
     * @throws IllegalArgumentException if the network has other parameters than the weights
     */
    public void fill(FlatParameters parameters) {
      StringBuilder built = new StringBuilder();
      parameters.slices().forEach(slice -> built.append(slice).append(' '));
      if (!layout.contentEquals(built)) {
        throw new IllegalArgumentException(
            "Network provider \"%s\" builds the parameters %s, but the model has %s; use the provider's version that trained it."
                .formatted(description.provider(), built.toString().trim(), layout.trim()));
      }
      parameters.set(weights);
    }
  }
}
