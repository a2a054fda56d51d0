package io.sparkfocal.export;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.Model;
import ai.djl.inference.Predictor;
import ai.djl.modality.Input;
import ai.djl.modality.Output;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.repository.zoo.Criteria;
import ai.djl.repository.zoo.ZooModel;
import ai.djl.translate.ArgumentsUtil;
import ai.djl.translate.Batchifier;
import ai.djl.translate.NoopServingTranslatorFactory;
import ai.djl.translate.Translator;
import ai.djl.translate.TranslatorContext;
import ai.djl.translate.TranslatorFactory;
import ai.djl.util.Pair;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sparkfocal.calibration.LogitLink;
import io.sparkfocal.network.ImageShape;
import io.sparkfocal.persist.TrainedNetwork;
import java.lang.reflect.Type;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Every network, encoding and link through DJL; bin/check-exports reads the same in Python. */
@Timeout(180)
class ExportTest {

  private static final double CLOSE = 1e-6;

  static List<ExportCase> cases() {
    return ExportCases.all();
  }

  private static void assertSame(List<float[]> found, List<double[]> expected) {
    assertThat(found).hasSameSizeAs(expected);
    for (int i = 0; i < found.size(); i++) {
      assertThat(found.get(i)).hasSameSizeAs(expected.get(i));
      for (int c = 0; c < found.get(i).length; c++) {
        assertThat((double) found.get(i)[c])
            .as("row %s, class %s", i, c)
            .isCloseTo(expected.get(i)[c], within(CLOSE));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void plainDjlGivesTheModelsProbabilities(ExportCase given) throws Exception {
    Path folder = given.write();
    List<double[]> expected = given.probabilities();
    try (ExportReader reader = new ExportReader(folder.resolve("torchscript"))) {
      assertSame(reader.rows(given.rows(), DataType.FLOAT64), expected);
      assertSame(reader.batch(given.rows(), DataType.FLOAT64), expected);
      List<double[]> ofFloats = given.narrowed().probabilities();
      assertSame(reader.rows(given.rows(), DataType.FLOAT32), ofFloats);
      assertSame(reader.batch(given.rows(), DataType.FLOAT32), ofFloats);
    }
  }

  @Test
  void pixelsAreStandardizedByChannel() throws Exception {
    ExportCase numbers =
        cases().stream().filter(c -> c.name().equals("cnn")).findFirst().orElseThrow();
    TrainedNetwork network = ExportCases.ofPixels(numbers, new ImageShape(3, 9, 7));
    Path folder = ExportCase.FOLDER.resolve("cnn_pixels");
    ModelExport.write(network, List.of("image"), folder.toString(), true, new Configuration());
    List<double[]> expected = numbers.probabilities();
    ExportCase.writeExpected(folder, numbers.rows(), expected);
    try (ExportReader reader = new ExportReader(folder.resolve("torchscript"))) {
      assertSame(reader.batch(numbers.rows(), DataType.FLOAT32), expected);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"none", "stack"})
  void djlServingTakesRowsAsJsonAndAsNpz(String batchifier, @TempDir Path folder) throws Exception {
    ExportCase given = cases().get(1);
    ModelExport.write(given.network(), List.of(), folder.toString(), true, new Configuration());
    Criteria<Input, Output> criteria =
        Criteria.builder()
            .setTypes(Input.class, Output.class)
            .optModelUrls(folder.resolve("torchscript").toUri().toString())
            .optTranslatorFactory(new NoopServingTranslatorFactory())
            .optArguments(Map.of("batchifier", batchifier))
            .build();
    double[] row = given.rows().get(0);
    List<double[]> expected = given.probabilities().subList(0, 1);
    try (ZooModel<Input, Output> model = criteria.loadModel();
        Predictor<Input, Output> predictor = model.newPredictor();
        NDManager manager = NDManager.newBaseManager("PyTorch")) {
      byte[] json = ("{\"inputs\": " + Arrays.toString(row) + "}").getBytes(UTF_8);
      String answer = predictor.predict(input("application/json", json)).getData().getAsString();
      JsonNode predictions = new ObjectMapper().readTree(answer).get("predictions");
      assertSame(List.of(new ObjectMapper().convertValue(predictions, float[].class)), expected);
      byte[] npz = new NDList(manager.create(row)).encode(NDList.Encoding.NPZ);
      NDList found = predictor.predict(input("tensor/npz", npz)).getDataAsNDList(manager);
      assertSame(List.of(found.singletonOrThrow().toFloatArray()), expected);
    }
  }

  private static Input input(String contentType, byte[] content) {
    Input input = new Input();
    input.addProperty("Content-Type", contentType);
    input.add(content);
    return input;
  }

  /** The translator of DJL's Spark extension: bytes of NumPy's formats in, NPZ out. */
  private record NumPyTranslator(Batchifier batchifier) implements Translator<byte[], byte[]> {

    static TranslatorFactory factory() {
      return new TranslatorFactory() {
        @Override
        public Set<Pair<Type, Type>> getSupportedTypes() {
          return Set.of(new Pair<>(byte[].class, byte[].class));
        }

        @Override
        @SuppressWarnings("unchecked")
        public <I, O> Translator<I, O> newInstance(
            Class<I> input, Class<O> output, Model model, Map<String, ?> arguments) {
          String name = ArgumentsUtil.stringValue(arguments, "batchifier", "none");
          return (Translator<I, O>) new NumPyTranslator(Batchifier.fromString(name));
        }
      };
    }

    @Override
    public Batchifier getBatchifier() {
      return batchifier;
    }

    @Override
    public NDList processInput(TranslatorContext context, byte[] input) {
      return NDList.decode(context.getNDManager(), input);
    }

    @Override
    public byte[] processOutput(TranslatorContext context, NDList list) {
      return list.encode(NDList.Encoding.NPZ);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"none", "stack"})
  void djlsSparkExtensionSendsRowsInNumPysFormats(String batchifier) throws Exception {
    ExportCase given =
        cases().stream().filter(c -> c.name().equals("tabular")).findFirst().orElseThrow();
    Criteria<byte[], byte[]> criteria =
        Criteria.builder()
            .setTypes(byte[].class, byte[].class)
            .optEngine("PyTorch")
            .optModelUrls(given.write().resolve("torchscript").toUri().toString())
            .optTranslatorFactory(NumPyTranslator.factory())
            .optArguments(new HashMap<>(Map.of("batchifier", batchifier)))
            .build();
    try (ZooModel<byte[], byte[]> model = criteria.loadModel();
        Predictor<byte[], byte[]> predictor = model.newPredictor();
        NDManager manager = NDManager.newBaseManager("PyTorch")) {
      List<byte[]> rows = new ArrayList<>();
      for (double[] row : given.rows()) {
        rows.add(new NDList(manager.create(row)).encode(NDList.Encoding.NPZ));
      }
      List<float[]> found = new ArrayList<>();
      for (byte[] output : predictor.batchPredict(rows)) {
        found.add(NDList.decode(manager, output).singletonOrThrow().toFloatArray());
      }
      assertSame(found, given.probabilities());
    }
  }

  @Test
  void logitsAreAMethodOfTheirOwn() throws Exception {
    ExportCase given = cases().get(1);
    Path folder = given.write();
    try (ExportReader reader = new ExportReader(folder.resolve("torchscript"))) {
      float[] logits = reader.of("logits", given.rows().get(0)).toFloatArray();
      double[] raw = given.network().link().raw(logits, 0, logits.length);
      assertThat(LogitLink.probabilities(raw, logits.length)[0])
          .isCloseTo(given.probabilities().get(0)[0], within(CLOSE));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"tied.pt", "normalized.pt"})
  void aTorchScriptNetworkGoesOutAsItIsAndItsMetadataSaysTheRest(String file) throws Exception {
    ExportCase given = ExportCases.torchScript(file);
    Path folder = given.write();
    assertThat(folder.resolve("onnx")).doesNotExist();
    assertThat(folder.resolve("pytorch")).doesNotExist();
    JsonNode about = new ObjectMapper().readTree(folder.resolve("model.json").toFile());
    assertThat(about.get("omitted").get("onnx").asText())
        .isEqualTo(
            "A torchscript network is not exported to ONNX; export it from PyTorch, which reads"
                + " torchscript/model.pt.");
    assertThat(about.get("omitted").get("pytorch").asText()).contains("torch.jit.load");
    JsonNode outside = about.get("outside");
    assertThat(outside.get("temperature").asDouble()).isEqualTo(1.4);
    assertThat(outside.get("exact").get(0).asInt()).isEqualTo(1);
    double[] row = given.rows().get(0);
    double[] input = new double[row.length];
    for (int i = 0; i < row.length; i++) {
      double value = i == 1 ? row[i] : (float) row[i];
      input[i] =
          (value - outside.get("means").get(i).asDouble())
              * outside.get("scales").get(i).asDouble();
    }
    try (ExportReader reader = new ExportReader(folder.resolve("torchscript"));
        NDManager manager = NDManager.newBaseManager("PyTorch")) {
      long[] shape = file.equals("tied.pt") ? new long[] {1, 6} : new long[] {1, 2, 3};
      NDArray rows =
          manager.create(input).toType(DataType.FLOAT32, false).reshape(new Shape(shape));
      float[] logits = reader.of(rows).toFloatArray();
      double[] raw = given.network().link().raw(logits, 0, logits.length);
      assertThat(LogitLink.probabilities(raw, logits.length))
          .containsExactly(given.probabilities().get(0), within(CLOSE));
    }
  }
}
