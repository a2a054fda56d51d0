package io.sparkfocal.persist;

import com.esotericsoftware.kryo.DefaultSerializer;
import com.esotericsoftware.kryo.serializers.JavaSerializer;
import io.sparkfocal.calibration.LogitLink;
import io.sparkfocal.data.FeatureEncoding;
import io.sparkfocal.data.FeatureLayout;
import io.sparkfocal.data.ImageEncoding;
import io.sparkfocal.data.Standardization;
import io.sparkfocal.data.TableEncoding;
import io.sparkfocal.network.MlpNetwork;
import io.sparkfocal.network.NetworkDescription;
import io.sparkfocal.network.TorchScriptFile;
import java.io.Serializable;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.types.StructType;

/**
 * Everything that scoring needs: the network by name, its weights, and what to do with features
 * before it and with logits after it.
 *
 * @param description how to build the network
 * @param classes how many classes there are
 * @param classNames names of the classes; may be empty
 * @param encoding of the features
 * @param link from logits to probabilities
 * @param weights by parameter name, in the order of the flat tensor
 */
@DefaultSerializer(JavaSerializer.class) // Kryo knows no records
public record TrainedNetwork(
    NetworkDescription description,
    int classes,
    List<String> classNames,
    FeatureEncoding encoding,
    LogitLink link,
    Map<String, Safetensors.Tensor> weights)
    implements Serializable {

  /** No network, of no classes. */
  public static final TrainedNetwork NONE =
      new TrainedNetwork(
          new NetworkDescription(MlpNetwork.class.getName(), Map.of(), 1, 1),
          0,
          List.of(),
          Standardization.none(0),
          LogitLink.plain(false),
          Map.of());

  /** So that a column of images is known for one. */
  private static final int[] ANY_SHAPE = {1, 1, 1};

  /**
   * Where the rows of a schema have the features that the network was trained on.
   *
   * @throws IllegalArgumentException if they have others
   */
  public FeatureLayout layout(StructType schema, String featuresCol, List<String> featuresCols) {
    ImageEncoding images = encoding instanceof ImageEncoding found ? found : null;
    FeatureLayout layout =
        FeatureLayout.of(
            schema,
            featuresCol,
            featuresCols,
            images == null ? ANY_SHAPE : images.shape().toArray());
    if (encoding instanceof TableEncoding table) {
      table.require(layout);
    }
    layout.requireImages(images != null);
    int declared = layout.declaredWidth(schema);
    if (declared > 0 && declared != encoding.features()) {
      throw new IllegalArgumentException(
          "%s has %s features, but the model was trained on %s; give it the features it was trained on."
              .formatted(layout.describe(), declared, encoding.features()));
    }
    return layout;
  }

  /** Shapes of the weights by parameter name, in the order of the flat tensor. */
  public Map<String, long[]> shapes() {
    Map<String, long[]> shapes = new LinkedHashMap<>();
    weights.forEach((name, tensor) -> shapes.put(name, tensor.shape()));
    return shapes;
  }

  /** The same with the file of a TorchScript network. */
  TrainedNetwork with(TorchScriptFile file) {
    return new TrainedNetwork(description.with(file), classes, classNames, encoding, link, weights);
  }
}
