package io.sparkfocal.export;

import ai.djl.ndarray.NDManager;
import io.sparkfocal.calibration.LogitLink;
import io.sparkfocal.data.CategoryEncoding;
import io.sparkfocal.data.FeatureEncoding;
import io.sparkfocal.data.ImageEncoding;
import io.sparkfocal.data.NumberEncoding;
import io.sparkfocal.data.Standardization;
import io.sparkfocal.data.TableEncoding;
import io.sparkfocal.network.CnnNetwork;
import io.sparkfocal.network.ImageShape;
import io.sparkfocal.network.Layers;
import io.sparkfocal.network.MlpNetwork;
import io.sparkfocal.network.NetworkDescription;
import io.sparkfocal.network.ResNet18Network;
import io.sparkfocal.network.TabularNetwork;
import io.sparkfocal.network.TorchScriptFile;
import io.sparkfocal.persist.Safetensors;
import io.sparkfocal.persist.TrainedNetwork;
import io.sparkfocal.testing.TorchScriptFiles;
import io.sparkfocal.testing.Weights;
import io.sparkfocal.train.FlatParameters;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;

/** Models of every network, encoding and link, with weights that nobody trained. */
final class ExportCases {

  private static final int ROWS = 40;
  private static final int FEATURES = 5;

  /** How the name of a feature begins that is a category of numbers. */
  private static final String CODE = "code";

  /** In and out of its dictionary. */
  private static final double[] CODES = {
    3, 0.5, -7, 16777219, 0.1, 0, -0.0, 4, -1e9, 0x1.b69b4ba630f34p56, 0x1.b69b4ba630000p56
  };

  private final Random random = new Random(7);

  private ExportCases() {}

  /** All of them. */
  static List<ExportCase> all() {
    ExportCases cases = new ExportCases();
    LogitLink softmax = LogitLink.plain(false);
    Standardization five = cases.standardization(1);
    // Numbers whose differences float32 does not hold.
    Standardization ids = cases.standardization(1e12 + 0.5);
    return List.of(
        cases.perceptron("linear", "", false, Standardization.none(FEATURES), 3, softmax),
        cases.perceptron("mlp", "16,8", false, five, 3, softmax.withTemperature(1.7)),
        cases.perceptron("mlp_batch_norm", "16,8", true, ids.withExact(1), 3, softmax),
        cases.perceptron("mlp_exact", "16", false, ids.withExact(0, 1, 2, 3, 4), 2, softmax),
        cases.perceptron(
            "mlp_one_output", "16", false, five, 1, new LogitLink(true, 0.6, new double[] {0.3})),
        cases.perceptron(
            "mlp_sigmoids",
            "16",
            false,
            five,
            3,
            new LogitLink(true, 1.3, new double[] {1, 0, -1})),
        cases.perceptron("mlp_multilabel", "16", false, five, 4, LogitLink.multilabel()),
        cases.table("tabular", cases.features(true, true), 3, false, softmax.withTemperature(0.8)),
        cases.table("tabular_numbers", cases.features(true, false), 2, false, softmax),
        cases.table("tabular_categories", cases.features(false, true), 2, false, softmax),
        cases.table(
            "tabular_one_output", cases.features(true, true), 1, true, LogitLink.plain(true)),
        cases.table(
            "tabular_multilabel", cases.features(true, true), 3, true, LogitLink.multilabel()),
        cases.flights(),
        cases.images("cnn", CnnNetwork.class, 3, 9, 7),
        cases.images("cnn_one_line", CnnNetwork.class, 1, 1, 12),
        cases.images("resnet18", ResNet18Network.class, 3, 32, 40));
  }

  /** A network of PyTorch's own, whose features are standardized before it. */
  static ExportCase torchScript(String file) {
    ExportCases cases = new ExportCases();
    TorchScriptFiles.Run run =
        TorchScriptFiles.runs().stream().filter(r -> r.file().equals(file)).findFirst().get();
    int width = TorchScriptFiles.FEATURES;
    int[] rowShape = Arrays.stream(run.rowShape().getShape()).mapToInt(Math::toIntExact).toArray();
    NetworkDescription description =
        NetworkDescription.torchScript(
            new TorchScriptFile(TorchScriptFiles.bytes(file)),
            rowShape,
            run.rules(),
            width,
            TorchScriptFiles.CLASSES);
    Standardization five = cases.standardization(1e12 + 0.5);
    Standardization encoding =
        new Standardization(Arrays.copyOf(five.means(), width), Arrays.copyOf(five.scales(), width))
            .withExact(1);
    LogitLink link = LogitLink.plain(false).withTemperature(1.4);
    return new ExportCase(
        "torchscript_" + file.replace(".pt", ""),
        cases.network(description, encoding, link),
        cases.rows(encoding));
  }

  private double normal() {
    return random.nextGaussian();
  }

  private Standardization standardization(double mean) {
    double[] means = new double[FEATURES];
    double[] scales = new double[FEATURES];
    for (int i = 0; i < FEATURES; i++) {
      means[i] = normal();
      scales[i] = 0.5 + random.nextDouble();
    }
    means[1] = mean;
    scales[1] = 0.25;
    scales[2] = 0;
    return new Standardization(means, scales);
  }

  private List<double[]> rows(Standardization encoding) {
    List<double[]> rows = new ArrayList<>();
    for (int i = 0; i < ROWS; i++) {
      double[] row = new double[encoding.features()];
      Arrays.setAll(row, j -> encoding.means()[j] + (j == 1 ? random.nextInt(17) - 8 : normal()));
      rows.add(row);
    }
    return rows;
  }

  private ExportCase perceptron(
      String name,
      String layers,
      boolean batchNorm,
      Standardization encoding,
      int outputs,
      LogitLink link) {
    Map<String, String> arguments =
        Map.of("hiddenLayers", layers, "batchNorm", Boolean.toString(batchNorm));
    NetworkDescription description =
        new NetworkDescription(MlpNetwork.class.getName(), arguments, encoding.inputs(), outputs);
    return new ExportCase(name, network(description, encoding, link), rows(encoding));
  }

  private TrainedNetwork network(
      NetworkDescription description, FeatureEncoding encoding, LogitLink link) {
    Map<String, Safetensors.Tensor> weights = new LinkedHashMap<>();
    try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
      FlatParameters parameters =
          FlatParameters.of(
              description.build(Layers.forInference()), description.features(), manager, 3);
      Weights.of(parameters).forEach((name, tensor) -> weights.put(name, changed(name, tensor)));
    }
    int classes = link.isMultilabel() ? description.outputs() : Math.max(2, description.outputs());
    return new TrainedNetwork(description, classes, List.of(), encoding, link, weights);
  }

  /** What begins as zeros and ones would hide a mistake. */
  private Safetensors.Tensor changed(String name, Safetensors.Tensor tensor) {
    float[] values = tensor.values();
    boolean isPositive = name.endsWith("gamma") || name.endsWith("runningVar");
    for (int i = 0; i < values.length; i++) {
      if (isPositive) {
        values[i] = 0.5f + random.nextFloat();
      } else if (values[i] == 0) {
        values[i] = random.nextFloat() - 0.5f;
      }
    }
    return new Safetensors.Tensor(tensor.shape(), values);
  }

  private List<TableEncoding.Feature> features(boolean hasNumbers, boolean hasCategories) {
    List<TableEncoding.Feature> features = new ArrayList<>();
    if (hasCategories) {
      features.add(category("kind", "a", "b", "c"));
    }
    if (hasNumbers) {
      features.add(number("many", knots(128, 10), false, true));
      features.add(number("few", knots(5, 0.01), false, false));
      features.add(number("id", ids(), true, true));
      features.add(number("one", new double[] {2.5}, false, false));
      features.add(number("never", new double[0], false, false));
    }
    if (hasCategories) {
      features.add(category(CODE, "3", "0.5", "-7", "16777219", "0.10000000149011612"));
      features.add(category("place", "x", "y"));
      features.add(category("code_of_many", codes(100)));
      features.add(category("code_of_one", "4"));
      features.add(category("code_of_none"));
      features.add(category("code_of_large", CategoryEncoding.text(0x1.b69b4ba630f34p56), "0"));
      features.add(category("code_of_six", codes(6)));
    }
    return features;
  }

  /** That of the examples in docs/serving.md. */
  private ExportCase flights() {
    List<TableEncoding.Feature> features =
        List.of(
            category("carrier", "UA", "AA"),
            number("wind_speed", knots(20, 3), false, true),
            number("sched_dep_time", knots(60, 40), false, false));
    return table("flights", features, 2, false, LogitLink.plain(false));
  }

  private ExportCase table(
      String name,
      List<TableEncoding.Feature> features,
      int outputs,
      boolean averagesLogits,
      LogitLink link) {
    TableEncoding encoding =
        new TableEncoding(
            features,
            features.stream().map(f -> isText(f) ? "text" : "number").toList(),
            features.stream().map(f -> 1).toList());
    NetworkDescription description =
        encoding.network(
            new NetworkDescription(
                TabularNetwork.class.getName(),
                TabularNetwork.arguments(new int[] {24, 16}, 0.1, averagesLogits),
                features.size(),
                outputs));
    return new ExportCase(name, network(description, encoding, link), rows(encoding));
  }

  /** Whole numbers around 0, in no order. */
  private static String[] codes(int count) {
    return IntStream.range(0, count)
        .mapToObj(i -> Integer.toString(i * 37 % count - count / 2))
        .toArray(String[]::new);
  }

  /** A category may be of numbers too. */
  static boolean isText(TableEncoding.Feature feature) {
    return feature.category() != null && !feature.name().startsWith(CODE);
  }

  private static TableEncoding.Feature category(String name, String... values) {
    return new TableEncoding.Feature(name, null, new CategoryEncoding(List.of(values)), true);
  }

  private TableEncoding.Feature number(
      String name, double[] knots, boolean exact, boolean missing) {
    double[] scores = new double[knots.length];
    double score = -2;
    for (int i = 0; i < scores.length; i++) {
      scores[i] = score;
      score += random.nextDouble() * 4 / scores.length;
    }
    double scale =
        knots.length == 0 ? 0 : knots.length == 1 ? 3 : 2 / (knots[knots.length - 1] - knots[0]);
    double median = knots.length == 0 ? 1 : knots[knots.length / 2];
    return new TableEncoding.Feature(
        name, new NumberEncoding(knots, scores, median, scale, exact), null, missing);
  }

  /** Values of rows are float32. */
  private double[] knots(int count, double step) {
    double[] knots = new double[count];
    double at = -3;
    for (int i = 0; i < count; i++) {
      knots[i] = (float) at;
      at += step * (0.1 + random.nextDouble());
    }
    return knots;
  }

  private static double[] ids() {
    double[] knots = new double[20];
    Arrays.setAll(knots, i -> 1e12 + 3 * i);
    return knots;
  }

  private List<double[]> rows(TableEncoding encoding) {
    List<double[]> rows = new ArrayList<>();
    for (int i = 0; i < ROWS; i++) {
      double[] row = new double[encoding.features()];
      for (int j = 0; j < row.length; j++) {
        TableEncoding.Feature feature = encoding.encoded().get(j);
        NumberEncoding number = feature.number();
        double value =
            feature.name().startsWith(CODE) ? CODES[random.nextInt(CODES.length)] : value(number);
        row[j] = random.nextInt(8) == 0 ? Double.NaN : value;
      }
      rows.add(row);
    }
    return rows;
  }

  /** Indices in and out of the dictionary, on knots, between and beyond them. */
  private double value(NumberEncoding number) {
    if (number == null) {
      return new double[] {0, 1, 2, 3, 4, 99, -1, 0.5, 1e300, -1e300}[random.nextInt(10)];
    }
    double[] knots = number.knots();
    if (knots.length == 0) {
      return normal();
    }
    double at = knots[random.nextInt(knots.length)];
    return switch (random.nextInt(5)) {
      case 0 -> at;
      case 1 -> knots[0] - random.nextDouble() * 100;
      case 2 -> knots[knots.length - 1] + random.nextDouble() * 100;
      default -> at + random.nextDouble();
    };
  }

  private ExportCase images(String name, Class<?> provider, int channels, int height, int width) {
    double[] means = new double[channels];
    double[] scales = new double[channels];
    Arrays.setAll(means, c -> random.nextDouble());
    Arrays.setAll(scales, c -> 2 + random.nextDouble());
    ImageShape shape = new ImageShape(channels, height, width);
    // The decoder of pixels is not asked here, so they are numbers of an encoding by channel.
    double[] allMeans = new double[shape.size()];
    double[] allScales = new double[shape.size()];
    for (int i = 0; i < allMeans.length; i++) {
      allMeans[i] = 255 * means[i / (height * width)];
      allScales[i] = scales[i / (height * width)] / 255;
    }
    Map<String, String> arguments =
        Map.of("inputShape", "%s,%s,%s".formatted(channels, height, width));
    NetworkDescription description =
        new NetworkDescription(provider.getName(), arguments, shape.size(), 3);
    List<double[]> rows = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      rows.add(random.ints(shape.size(), 0, 256).asDoubleStream().toArray());
    }
    LogitLink link = LogitLink.plain(false);
    TrainedNetwork ofNumbers = network(description, new Standardization(allMeans, allScales), link);
    return new ExportCase(name, ofNumbers, rows);
  }

  /** The same model with its numbers as an encoding of images. */
  static TrainedNetwork ofPixels(ExportCase images, ImageShape shape) {
    Standardization numbers = (Standardization) images.network().encoding();
    double[] means = new double[shape.channels()];
    double[] scales = new double[shape.channels()];
    for (int c = 0; c < means.length; c++) {
      int first = c * shape.height() * shape.width();
      means[c] = numbers.means()[first] / 255;
      scales[c] = numbers.scales()[first] * 255;
    }
    TrainedNetwork network = images.network();
    return new TrainedNetwork(
        network.description(),
        network.classes(),
        network.classNames(),
        new ImageEncoding(shape, means, scales),
        network.link(),
        network.weights());
  }
}
