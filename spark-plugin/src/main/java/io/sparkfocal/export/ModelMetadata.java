package io.sparkfocal.export;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sparkfocal.calibration.LogitLink;
import io.sparkfocal.data.CategoryEncoding;
import io.sparkfocal.data.FeatureEncoding;
import io.sparkfocal.data.ImageEncoding;
import io.sparkfocal.data.Standardization;
import io.sparkfocal.data.TableEncoding;
import io.sparkfocal.network.TorchScriptNetwork;
import io.sparkfocal.persist.TrainedNetwork;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** What numbers of an exported model mean, as JSON: see docs/serving.md. */
final class ModelMetadata {

  /** The name under which it lies in the folder and in the files. */
  static final String FILE = "model.json";

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int FORMAT = 1;

  private ModelMetadata() {}

  /**
   * The text.
   *
   * @param columns of the DataFrame, in the order of the features
   * @param omitted sentences by folder, on what was not written
   */
  static String of(TrainedNetwork network, List<String> columns, Map<String, String> omitted) {
    ObjectNode json = JSON.createObjectNode();
    json.put("writer", "spark-focal").put("format", FORMAT);
    String provider = network.description().provider();
    json.put("network", provider.substring(provider.lastIndexOf('.') + 1));
    json.set("columns", JSON.valueToTree(columns));
    FeatureEncoding encoding = network.encoding();
    json.put("numFeatures", encoding.features());
    if (encoding instanceof TableEncoding table) {
      addFeatures(json.putArray("features"), table);
    } else if (encoding instanceof ImageEncoding images) {
      json.set("inputShape", JSON.valueToTree(images.shape().toArray()));
    }
    LogitLink link = network.link();
    json.put("numClasses", network.classes());
    json.set("classNames", JSON.valueToTree(network.classNames()));
    json.put("multilabel", link.isMultilabel());
    if (isTorchScript(network)) {
      json.put("forward", "logits");
      addOutside(json.putObject("outside"), network);
    } else {
      json.put("forward", "probabilities");
      json.put("temperature", link.temperature());
    }
    if (!omitted.isEmpty()) {
      json.set("omitted", JSON.valueToTree(omitted));
    }
    return json.toPrettyString() + "\n";
  }

  /** Whether a model is a TorchScript network of the user's. */
  static boolean isTorchScript(TrainedNetwork network) {
    return network.description().provider().equals(TorchScriptNetwork.class.getName());
  }

  private static void addFeatures(ArrayNode features, TableEncoding table) {
    List<String> types = new ArrayList<>();
    for (int i = 0; i < table.types().size(); i++) {
      for (int k = 0; k < table.widths().get(i); k++) {
        types.add(table.types().get(i));
      }
    }
    for (int i = 0; i < types.size(); i++) {
      TableEncoding.Feature feature = table.encoded().get(i);
      ObjectNode node = features.addObject().put("name", feature.name()).put("type", types.get(i));
      CategoryEncoding category = feature.category();
      if (category != null) {
        node.set("values", JSON.valueToTree(category.values()));
      }
      node.put("missingInTraining", feature.missing());
    }
  }

  /** What a reader of the network's own file does before and after it. */
  private static void addOutside(ObjectNode json, TrainedNetwork network) {
    FeatureEncoding encoding = network.encoding();
    if (encoding instanceof Standardization standardization) {
      json.set("means", JSON.valueToTree(standardization.means()));
      json.set("scales", JSON.valueToTree(standardization.scales()));
      json.set("exact", JSON.valueToTree(standardization.exactIndices()));
    } else if (encoding instanceof ImageEncoding images) {
      json.put("divisor", ImageEncoding.WHITE);
      json.set("channelMeans", JSON.valueToTree(images.means()));
      json.set("channelScales", JSON.valueToTree(images.scales()));
    }
    json.put("rowShape", network.description().arguments().getOrDefault("inputShape", ""));
    LogitLink link = network.link();
    json.set("offsets", JSON.valueToTree(link.offsets()));
    json.put("temperature", link.temperature());
    json.put("link", link.sigmoid() ? "sigmoid" : "softmax");
  }
}
