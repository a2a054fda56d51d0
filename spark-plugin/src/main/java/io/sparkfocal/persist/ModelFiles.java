package io.sparkfocal.persist;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import ai.djl.nn.Block;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sparkfocal.calibration.LogitLink;
import io.sparkfocal.data.FeatureEncoding;
import io.sparkfocal.data.ImageEncoding;
import io.sparkfocal.data.Standardization;
import io.sparkfocal.network.MlpNetwork;
import io.sparkfocal.network.NetworkDescription;
import io.sparkfocal.network.TorchScriptFile;
import io.sparkfocal.network.TorchScriptNetwork;
import io.sparkfocal.train.Floats;
import io.sparkfocal.train.StoredParameters;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * The files of a model beside Spark's metadata: {@code network.json} (network, encoding of the
 * features, class names) and {@code weights.safetensors}; for a TorchScript network also {@code
 * network.pt}, with the trained values, which PyTorch loads.
 */
public final class ModelFiles {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String NETWORK = "network.json";
  private static final String WEIGHTS = "weights.safetensors";
  private static final String TORCHSCRIPT = "network.pt";
  private static final int FORMAT = 1;

  /** Of a model with exact features, which an earlier version would not know of. */
  private static final int FORMAT_EXACT = 2;

  /** Of a model of the columns of a table. */
  private static final int FORMAT_TABLE = 3;

  /** Of images. */
  private static final int FORMAT_IMAGES = 4;

  private static final String SIGMOID = "sigmoid";

  /** A sigmoid of each logit, for rows with several labels; earlier versions refuse it. */
  private static final String MULTILABEL = "multilabel";

  private static final String SOFTMAX = "softmax";

  private ModelFiles() {}

  /** Writes the files into an existing or new folder of any Hadoop file system. */
  public static void write(TrainedNetwork network, String folder, Configuration hadoop)
      throws IOException {
    ObjectNode json = JSON.createObjectNode();
    json.put("provider", network.description().provider());
    json.set("arguments", JSON.valueToTree(network.description().arguments()));
    json.put("features", network.description().features());
    json.put("outputs", network.description().outputs());
    json.put("classes", network.classes());
    json.set("classNames", JSON.valueToTree(network.classNames()));
    json.put(
        "link",
        network.link().isMultilabel() ? MULTILABEL : network.link().sigmoid() ? SIGMOID : SOFTMAX);
    json.put("temperature", network.link().temperature());
    json.set("offsets", JSON.valueToTree(network.link().offsets()));
    addEncoding(json, network.encoding());
    Path path = new Path(folder);
    FileSystem files = path.getFileSystem(hadoop);
    try (OutputStream out = files.create(new Path(path, NETWORK), true)) {
      out.write(json.toPrettyString().getBytes(StandardCharsets.UTF_8));
    }
    if (network.description().file() != null) {
      try (OutputStream out = files.create(new Path(path, TORCHSCRIPT), true)) {
        out.write(trained(network));
      }
    }
    SafetensorsWriter weights = new SafetensorsWriter(Map.of("format", "pt"));
    network.weights().forEach((name, t) -> weights.add(name, t.shape(), Floats.of(t.values())));
    try (OutputStream out = files.create(new Path(path, WEIGHTS), true)) {
      weights.write(out, () -> false);
    }
  }

  /** The file of a TorchScript network with the values that it has now; needs PyTorch. */
  public static byte[] trained(TrainedNetwork network) {
    try (NDManager manager = NDManager.newBaseManager(Device.cpu(), "PyTorch")) {
      Block built =
          StoredParameters.build(
              network.description(),
              manager,
              network.shapes(),
              network.weights().values().stream().map(Safetensors.Tensor::values).iterator());
      return ((TorchScriptNetwork) built).write();
    }
  }

  private static void addEncoding(ObjectNode json, FeatureEncoding encoding) {
    if (encoding instanceof Standardization standardization) {
      double[] exact = standardization.exactIndices();
      json.put("format", exact.length == 0 ? FORMAT : FORMAT_EXACT);
      json.set("means", JSON.valueToTree(standardization.means()));
      json.set("scales", JSON.valueToTree(standardization.scales()));
      json.set("exact", JSON.valueToTree(exact));
    } else {
      json.put("format", encoding instanceof ImageEncoding ? FORMAT_IMAGES : FORMAT_TABLE);
      json.set("table", EncodingFile.json(encoding));
    }
  }

  /**
   * Reads what {@link #write} wrote.
   *
   * @throws IllegalArgumentException if a file is missing or damaged
   */
  public static TrainedNetwork read(String folder, Configuration hadoop) throws IOException {
    Path path = new Path(folder);
    FileSystem files = path.getFileSystem(hadoop);
    Path networkPath = new Path(path, NETWORK);
    Path weightsPath = new Path(path, WEIGHTS);
    byte[] network;
    try (FSDataInputStream in = files.open(networkPath)) {
      network = in.readAllBytes();
    } catch (FileNotFoundException e) {
      throw missing(networkPath, e);
    }
    try (SeekableBytes weights = SeekableBytes.of(weightsPath, hadoop)) {
      TrainedNetwork read =
          decode(network, networkPath.toString(), weights, weightsPath.toString());
      return read.description().provider().equals(TorchScriptNetwork.class.getName())
          ? read.with(torchScript(new Path(path, TORCHSCRIPT), hadoop))
          : read;
    } catch (FileNotFoundException e) {
      throw missing(weightsPath, e);
    }
  }

  /**
   * A TorchScript file of any Hadoop file system.
   *
   * @throws IllegalArgumentException if there is none
   */
  public static TorchScriptFile torchScript(Path path, Configuration hadoop) throws IOException {
    try (FSDataInputStream in = path.getFileSystem(hadoop).open(path)) {
      return new TorchScriptFile(in.readAllBytes());
    } catch (FileNotFoundException e) {
      throw new IllegalArgumentException(
          path + " does not exist; give the path of a file that torch.jit.save wrote.", e);
    }
  }

  private static IllegalArgumentException missing(Path path, FileNotFoundException cause) {
    return new IllegalArgumentException(
        path + " does not exist; the folder is no saved FocalLossClassificationModel.", cause);
  }

  /**
   * The network that two files describe; builds nothing.
   *
   * @param networkFile what the first bytes are, for messages
   * @param weightsFile what the others are
   * @throws IllegalArgumentException if a file is damaged, or one does not go with the other
   */
  static TrainedNetwork decode(
      byte[] network, String networkFile, SeekableBytes weights, String weightsFile)
      throws IOException {
    JsonNode json = json(network, networkFile);
    int format = json.path("format").asInt();
    if (format < FORMAT || format > FORMAT_IMAGES) {
      throw new IllegalArgumentException(
          "%s has format %s, but this version reads formats %s to %s; use the version that saved it."
              .formatted(networkFile, json.path("format"), FORMAT, FORMAT_IMAGES));
    }
    Map<String, String> arguments = new TreeMap<>();
    json.path("arguments")
        .fields()
        .forEachRemaining(e -> arguments.put(e.getKey(), e.getValue().asText()));
    NetworkDescription description =
        new NetworkDescription(
            json.path("provider").asText(),
            arguments,
            json.path("features").asInt(),
            json.path("outputs").asInt());
    List<String> classNames = new ArrayList<>();
    json.path("classNames").forEach(name -> classNames.add(name.asText()));
    FeatureEncoding encoding = encoding(json, networkFile, description.features());
    requireTableOf(description, encoding, networkFile);
    int classes = json.path("classes").asInt();
    boolean oneLogit = description.outputs() == 1 && classes == 2;
    if ((description.outputs() != classes && !oneLogit)
        || !(classNames.isEmpty() || classNames.size() == classes)) {
      throw damaged(
          networkFile,
          "%s classes, but %s outputs and %s names of classes"
              .formatted(classes, description.outputs(), classNames.size()));
    }
    Safetensors tensors = new Safetensors(weights, weightsFile);
    requireSize(description, tensors.size(), networkFile);
    Map<String, Safetensors.Tensor> byName = new LinkedHashMap<>();
    for (String name : tensors.names()) {
      byName.put(name, tensors.tensor(name));
    }
    return new TrainedNetwork(
        description,
        classes,
        classNames,
        encoding,
        link(json, networkFile, description.outputs()),
        byName);
  }

  /** What goes with so many inputs of the network. */
  private static FeatureEncoding encoding(JsonNode json, String file, int inputs) {
    FeatureEncoding encoding =
        json.path("format").asInt() >= FORMAT_TABLE
            ? table(json, file)
            : standardization(json, file, inputs);
    if (encoding.inputs() != inputs) {
      throw damaged(
          file,
          "the network takes %s inputs, but the features give %s"
              .formatted(inputs, encoding.inputs()));
    }
    return encoding;
  }

  /** Another dictionary would give each value its neighbour's embedding. */
  private static void requireTableOf(
      NetworkDescription description, FeatureEncoding encoding, String file) {
    Map<String, String> written = description.arguments();
    Map<String, String> ofTable = encoding.network(description).arguments();
    for (String name : List.of("numbers", "categories")) {
      if (written.containsKey(name) && !Objects.equals(ofTable.get(name), written.get(name))) {
        throw damaged(
            file,
            "its network has %s %s, but its table %s"
                .formatted(name, written.get(name), ofTable.get(name)));
      }
    }
  }

  private static FeatureEncoding table(JsonNode json, String file) {
    try {
      return EncodingFile.encoding(json.path("table"));
    } catch (IllegalArgumentException e) {
      throw damaged(file, String.valueOf(e.getMessage()));
    }
  }

  private static Standardization standardization(JsonNode json, String file, int features) {
    Standardization standardization =
        new Standardization(doubles(json.path("means")), doubles(json.path("scales")));
    if (standardization.means().length != features || standardization.scales().length != features) {
      throw damaged(
          file,
          "%s features, but %s means and %s scales"
              .formatted(
                  features, standardization.means().length, standardization.scales().length));
    }
    double[] exact = doubles(json.path("exact"));
    for (double index : exact) {
      if (!(index >= 0 && index < features)) {
        throw damaged(file, "feature %s is to be exact".formatted(index));
      }
    }
    return standardization.withExact(exact);
  }

  private static JsonNode json(byte[] bytes, String file) {
    try {
      return JSON.readTree(bytes);
    } catch (IOException e) {
      throw damaged(file, "it is no JSON");
    }
  }

  /** Nothing is built, and no memory taken, for layers that the weights do not fill. */
  private static void requireSize(NetworkDescription description, long values, String networkFile) {
    if (!description.provider().equals(MlpNetwork.class.getName())) {
      return;
    }
    try {
      long described =
          MlpNetwork.parameterCount(
              description.features(), description.outputs(), description.arguments());
      if (described == values) {
        return;
      }
      throw damaged(
          networkFile,
          "its layers have %s values, but the weights %s".formatted(described, values));
    } catch (ArithmeticException e) {
      throw damaged(networkFile, "its layers have more values than can be counted");
    }
  }

  private static IllegalArgumentException damaged(String file, String why) {
    return new IllegalArgumentException(
        "%s is damaged: %s; copy or save the model again.".formatted(file, why));
  }

  private static LogitLink link(JsonNode json, String file, int outputs) {
    // Models of before the link was written had one logit for a sigmoid, more for a softmax.
    String name = json.path("link").asText(outputs == 1 ? SIGMOID : SOFTMAX);
    double temperature = json.path("temperature").asDouble(1);
    double[] offsets = doubles(json.path("offsets"));
    if (!(temperature > 0)
        || (offsets.length != 0 && offsets.length != outputs)
        || !List.of(SIGMOID, SOFTMAX, MULTILABEL).contains(name)) {
      throw damaged(
          file,
          "link %s, temperature %s and %s offsets for %s outputs"
              .formatted(name, temperature, offsets.length, outputs));
    }
    return new LogitLink(!name.equals(SOFTMAX), name.equals(MULTILABEL), temperature, offsets);
  }

  static double[] doubles(JsonNode array) {
    double[] values = new double[array.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = array.path(i).asDouble();
    }
    return values;
  }
}
