package io.sparkfocal.persist;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import ai.djl.ndarray.NDManager;
import ai.djl.nn.Block;
import io.sparkfocal.calibration.LogitLink;
import io.sparkfocal.data.Standardization;
import io.sparkfocal.network.Layers;
import io.sparkfocal.network.MlpNetwork;
import io.sparkfocal.network.NetworkDescription;
import io.sparkfocal.testing.Weights;
import io.sparkfocal.train.FlatParameters;
import io.sparkfocal.train.StoredParameters;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelFilesTest {

  @TempDir Path folder;

  private final NetworkDescription description =
      new NetworkDescription(
          MlpNetwork.class.getName(), MlpNetwork.arguments(new int[] {3}, 0, false), 2, 2);
  private TrainedNetwork network;

  @BeforeEach
  void write() throws Exception {
    try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
      Block block = description.build(Layers.forInference());
      FlatParameters parameters = FlatParameters.of(block, 2, manager, 1);
      network =
          new TrainedNetwork(
              description,
              2,
              List.of("no", "yes"),
              new Standardization(new double[] {0.1, 1e-300}, new double[] {1 / 3.0, 2}),
              new LogitLink(false, 1.5, new double[] {0.25, -0.125}),
              Weights.of(parameters));
    }
    ModelFiles.write(network, folder.toString(), new Configuration());
  }

  private TrainedNetwork read() throws Exception {
    return ModelFiles.read(folder.toString(), new Configuration());
  }

  private void edit(String from, String to) throws Exception {
    Path file = folder.resolve("network.json");
    String text = Files.readString(file);
    assertThat(text).contains(from);
    // Hadoop keeps a checksum beside the file.
    Files.deleteIfExists(folder.resolve(".network.json.crc"));
    Files.writeString(file, text.replace(from, to));
  }

  @Test
  void everythingComesBackWithItsBits() throws Exception {
    TrainedNetwork read = read();
    assertThat(read.description()).isEqualTo(description);
    assertThat(read.classes()).isEqualTo(2);
    assertThat(read.classNames()).containsExactly("no", "yes");
    assertThat(((Standardization) read.encoding()).means()).containsExactly(0.1, 1e-300);
    assertThat(((Standardization) read.encoding()).scales()).containsExactly(1 / 3.0, 2);
    assertThat(read.weights().keySet()).containsExactlyElementsOf(network.weights().keySet());
    network
        .weights()
        .forEach(
            (name, tensor) -> {
              assertThat(read.weights().get(name).shape()).isEqualTo(tensor.shape());
              assertThat(read.weights().get(name).values()).isEqualTo(tensor.values());
            });
  }

  @Test
  void aFormatOfTheFutureIsRefused() throws Exception {
    edit("\"format\" : 1", "\"format\" : 5");
    assertThatIllegalArgumentException()
        .isThrownBy(this::read)
        .withMessageContaining("has format 5, but this version reads formats 1 to 4");
  }

  @Test
  void aStandardizationOfAnotherWidthIsRefused() throws Exception {
    edit("\"features\" : 2", "\"features\" : 3");
    assertThatIllegalArgumentException()
        .isThrownBy(this::read)
        .withMessageContaining("is damaged: 3 features, but 2 means and 2 scales");
  }

  @Test
  void aFolderWithoutAModelIsRefused() throws Exception {
    Files.delete(folder.resolve("weights.safetensors"));
    assertThatIllegalArgumentException()
        .isThrownBy(this::read)
        .withMessageEndingWith(
            "weights.safetensors does not exist; the folder is no saved FocalLossClassificationModel.");
  }

  @Test
  void layersThatTheWeightsDoNotFillAreRefusedBeforeAnyMemoryIsTaken() throws Exception {
    edit("\"hiddenLayers\" : \"3\"", "\"hiddenLayers\" : \"2000000000,2000000000\"");
    assertThatIllegalArgumentException()
        .isThrownBy(this::read)
        .withMessageEndingWith(
            "network.json is damaged: its layers have 4000000012000000002 values, but the weights 17; copy or save the model again.");
    edit("2000000000,2000000000", "2000000000,2000000000,2000000000,2000000000");
    assertThatIllegalArgumentException()
        .isThrownBy(this::read)
        .withMessageContaining("its layers have more values than can be counted");
  }

  @Test
  void weightsOfAnotherNetworkAreRefusedWhenTheyAreFilledIn() throws Exception {
    TrainedNetwork network = read();
    NetworkDescription other = new NetworkDescription(MlpNetwork.class.getName(), Map.of(), 2, 2);
    Map<String, long[]> shapes = new LinkedHashMap<>();
    network.weights().forEach((name, tensor) -> shapes.put(name, tensor.shape()));
    Iterator<float[]> values =
        network.weights().values().stream().map(Safetensors.Tensor::values).iterator();
    try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> StoredParameters.build(other, manager, shapes, values))
          .withMessageContaining("builds the parameters")
          .withMessageContaining("use the provider's version that trained it");
    }
  }
}
