package io.sparkfocal.export;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import ai.djl.training.ParameterStore;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sparkfocal.calibration.LogitLink;
import io.sparkfocal.data.FeatureLayout;
import io.sparkfocal.data.FeatureReader;
import io.sparkfocal.data.TableEncoding;
import io.sparkfocal.losses.Autograd;
import io.sparkfocal.persist.Safetensors;
import io.sparkfocal.persist.TrainedNetwork;
import io.sparkfocal.train.StoredParameters;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.ml.linalg.SQLDataTypes;
import org.apache.spark.ml.linalg.Vectors;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * A model and rows of raw features.
 *
 * @param name of the folder
 * @param rows as readers of an export give them
 */
public record ExportCase(String name, TrainedNetwork network, List<double[]> rows) {

  /** Where exports lie for bin/check-exports, each with what it has to give. */
  public static final Path FOLDER = Path.of("target", "exports");

  /**
   * What the model itself makes of the rows, by its own encoding, network and link.
   *
   * @return probabilities of each row
   */
  List<double[]> probabilities() {
    try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
      Map<String, long[]> shapes = new LinkedHashMap<>();
      network.weights().forEach((key, tensor) -> shapes.put(key, tensor.shape()));
      Block block =
          StoredParameters.build(
              network.description(),
              manager,
              shapes,
              network.weights().values().stream().map(Safetensors.Tensor::values).iterator());
      int width = network.encoding().inputs();
      float[] inputs = new float[rows.size() * width];
      float[] one = new float[width];
      FeatureReader reader = reader();
      for (int i = 0; i < rows.size(); i++) {
        reader.read(row(rows.get(i)), one);
        System.arraycopy(one, 0, inputs, i * width, width);
      }
      NDArray batch = manager.create(inputs, new Shape(rows.size(), width));
      float[] logits =
          Autograd.unrecorded(
                  () -> block.forward(new ParameterStore(manager, false), new NDList(batch), false))
              .singletonOrThrow()
              .toFloatArray();
      return linked(logits);
    }
  }

  /** The same with rows that are float32. */
  ExportCase narrowed() {
    return new ExportCase(
        name,
        network,
        rows.stream()
            .map(row -> Arrays.stream(row).map(value -> (float) value).toArray())
            .toList());
  }

  private List<double[]> linked(float... logits) {
    int outputs = network.description().outputs();
    List<double[]> all = new ArrayList<>();
    for (int i = 0; i < rows.size(); i++) {
      double[] raw = network.link().raw(logits, i * outputs, outputs);
      all.add(
          network.link().isMultilabel()
              ? LogitLink.sigmoids(raw)
              : LogitLink.probabilities(raw, outputs));
    }
    return all;
  }

  private FeatureReader reader() {
    StructType schema = new StructType();
    List<String> names = new ArrayList<>();
    if (network.encoding() instanceof TableEncoding table) {
      for (TableEncoding.Feature feature : table.encoded()) {
        names.add(feature.name());
        schema =
            schema.add(
                feature.name(),
                ExportCases.isText(feature) ? DataTypes.StringType : DataTypes.DoubleType);
      }
      return table.reader(FeatureLayout.of(schema, "", names, 1, 1, 1), true);
    }
    schema = schema.add("features", SQLDataTypes.VectorType());
    return network
        .encoding()
        .reader(FeatureLayout.of(schema, "features", List.of(), 1, 1, 1), true);
  }

  /** As a DataFrame has it: texts in the place of indices, null for what is missing. */
  private Row row(double... features) {
    if (!(network.encoding() instanceof TableEncoding table)) {
      return RowFactory.create(Vectors.dense(features));
    }
    Object[] values = new Object[features.length];
    for (int i = 0; i < values.length; i++) {
      boolean isText = ExportCases.isText(table.encoded().get(i));
      var category = isText ? table.encoded().get(i).category() : null;
      boolean isKnown =
          category != null
              && category.values().size() > features[i]
              && features[i] >= 0
              && features[i] == Math.rint(features[i]);
      if (!Double.isNaN(features[i])) {
        values[i] =
            category == null
                ? features[i]
                : isKnown ? category.values().get((int) features[i]) : "never seen";
      }
    }
    return RowFactory.create(values);
  }

  /** Exports the model, and writes beside it what it has to give. */
  Path write() {
    Path folder = FOLDER.resolve(name);
    ModelExport.write(network, List.of("features"), folder.toString(), true, new Configuration());
    writeExpected(folder, rows, probabilities());
    return folder;
  }

  /** The file that bin/check-exports compares with; a missing number is null. */
  public static void writeExpected(Path folder, List<double[]> rows, List<double[]> probabilities) {
    ObjectNode json = new ObjectMapper().createObjectNode();
    add(json.putArray("features"), rows);
    add(json.putArray("probabilities"), probabilities);
    try {
      Files.writeString(folder.resolve("expected.json"), json.toString());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void add(ArrayNode array, List<double[]> rows) {
    for (double[] row : rows) {
      ArrayNode numbers = array.addArray();
      for (double value : row) {
        if (Double.isNaN(value)) {
          numbers.addNull();
        } else {
          numbers.add(value);
        }
      }
    }
  }

  @Override
  public String toString() {
    return name;
  }
}
