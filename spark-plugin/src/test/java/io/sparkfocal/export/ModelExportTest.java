package io.sparkfocal.export;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkfocal.calibration.LogitLink;
import io.sparkfocal.data.Standardization;
import io.sparkfocal.network.MlpNetwork;
import io.sparkfocal.network.NetworkDescription;
import io.sparkfocal.persist.Safetensors;
import io.sparkfocal.persist.TrainedNetwork;
import io.sparkfocal.testing.NarrowNetwork;
import io.sparkfocal.testing.SessionFileSystem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The folder that an export is. */
class ModelExportTest {

  private static final int WIDE = 4096;

  @TempDir Path folder;

  private static TrainedNetwork linear() {
    return ExportCases.all().get(0).network();
  }

  private void export(TrainedNetwork network, String name, boolean overwrites) {
    ModelExport.write(
        network,
        List.of("a", "b"),
        folder.resolve(name).toString(),
        overwrites,
        new Configuration());
  }

  private byte[] bytes(String file) throws IOException {
    return Files.readAllBytes(folder.resolve(file));
  }

  @Test
  void theSameModelGivesTheSameBytes() throws IOException {
    export(linear(), "one", false);
    export(linear(), "two", false);
    for (String file :
        List.of(
            "torchscript/model.pt",
            "torchscript/serving.properties",
            "onnx/model.onnx",
            "onnx/serving.properties",
            "pytorch/model.py",
            "pytorch/weights.safetensors",
            "model.json")) {
      assertThat(bytes("one/" + file)).as(file).isNotEmpty().isEqualTo(bytes("two/" + file));
    }
    assertThat(Files.readString(folder.resolve("one/model.json")))
        .contains("\"columns\" : [ \"a\", \"b\" ]", "\"numClasses\" : 3")
        .doesNotContain("omitted");
  }

  @Test
  void aFolderThatIsThereIsOverwrittenOnlyOnRequest() throws IOException {
    export(linear(), "there", false);
    Path old = folder.resolve("there/old");
    Files.writeString(old, "old");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> export(linear(), "there", false))
        .withMessage(
            folder.resolve("there")
                + " exists already; name another folder, or overwrite it with exportTo(folder,"
                + " true).");
    assertThat(old).exists();
    export(linear(), "there", true);
    assertThat(old).doesNotExist();
    assertThat(folder.resolve("there/onnx/model.onnx")).exists();
  }

  @Test
  void whatIsNoExportIsNotOverwritten() throws IOException {
    Path precious = Files.createDirectories(folder.resolve("models")).resolve("precious");
    Files.writeString(precious, "precious");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> export(linear(), "models", true))
        .withMessage(
            "%s is no export, since it has no model.json, and is not overwritten; name another folder, or delete it.",
            folder.resolve("models"));
    assertThat(precious).exists();
    assertThatIllegalArgumentException()
        .isThrownBy(() -> export(linear(), "/", true))
        .withMessage("/ is the root of a file system; name a folder in it.");
    Files.createDirectories(folder.resolve("empty"));
    export(linear(), "empty", true);
    assertThat(folder.resolve("empty/model.json")).exists();
  }

  @Test
  void aNetworkOfTheUsersIsRefusedByNameBeforeAnythingIsDeleted() throws IOException {
    NetworkDescription description =
        new NetworkDescription(NarrowNetwork.class.getName(), Map.of("width", "4"), 5, 3);
    TrainedNetwork own =
        new TrainedNetwork(
            description, 3, List.of(), Standardization.none(5), LogitLink.plain(false), Map.of());
    Files.createDirectories(folder.resolve("there"));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> export(own, "there", true))
        .withMessage(
            "The network of provider \"io.sparkfocal.testing.NarrowNetwork\" cannot be exported,"
                + " only linear, mlp, tabular, cnn, resnet18 and torchscript; use its saved model,"
                + " whose weights.safetensors PyTorch reads.");
    assertThat(folder.resolve("there")).exists();
  }

  @Test
  void whatCannotBeFinishedGoesAgain() {
    Configuration hadoop = new Configuration();
    hadoop.set("fs.myfs.impl", SessionFileSystem.Full.class.getName());
    String path = "myfs://" + folder.resolve("full");
    assertThatThrownBy(() -> ModelExport.write(linear(), List.of(), path, false, hadoop))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage(
            "The model cannot be exported to " + path + "; check that the folder is writable.");
    assertThat(folder.resolve("full")).doesNotExist();
  }

  @Test
  void weightsThatANetworkDoesNotTakeEndTheExport() {
    Map<String, Safetensors.Tensor> weights = new LinkedHashMap<>(linear().weights());
    weights.put("09Odd_gamma", new Safetensors.Tensor(new long[] {1}, new float[1]));
    TrainedNetwork odd =
        new TrainedNetwork(
            linear().description(), 3, List.of(), linear().encoding(), linear().link(), weights);
    assertThatThrownBy(() -> export(odd, "odd", false))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("The model has weights [gamma] that its network does not take.");
    assertThat(folder.resolve("odd")).doesNotExist();
  }

  /** 33 layers of 64 MiB each, which share their numbers here. */
  @Test
  void theLengthOfAnOnnxFileIsKnownBeforeItIsWritten() {
    int layers = 33;
    NetworkDescription description =
        new NetworkDescription(
            MlpNetwork.class.getName(),
            MlpNetwork.arguments(new int[layers - 1], 0, false),
            WIDE,
            WIDE);
    Safetensors.Tensor weight =
        new Safetensors.Tensor(new long[] {WIDE, WIDE}, new float[WIDE * WIDE]);
    Safetensors.Tensor bias = new Safetensors.Tensor(new long[] {WIDE}, new float[WIDE]);
    Map<String, Safetensors.Tensor> weights = new LinkedHashMap<>();
    for (int i = 0; i < layers; i++) {
      weights.put(i + "Linear_weight", weight);
      weights.put(i + "Linear_bias", bias);
    }
    TrainedNetwork large =
        new TrainedNetwork(
            description,
            WIDE,
            List.of(),
            Standardization.none(WIDE),
            LogitLink.plain(false),
            weights);
    OnnxWriter writer = new OnnxWriter(ModelGraph.of(large), "{}");
    assertThat(writer.bytes()).isGreaterThan(Integer.MAX_VALUE);
    assertThat(writer.refusal()).startsWith("The network takes ");
    assertThat(new OnnxWriter(ModelGraph.of(linear()), "{}").refusal()).isNull();
  }
}
