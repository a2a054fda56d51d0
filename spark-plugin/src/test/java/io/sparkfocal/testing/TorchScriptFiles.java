package io.sparkfocal.testing;

import ai.djl.ndarray.types.Shape;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sparkfocal.network.ParameterRules;
import io.sparkfocal.network.TorchScriptNetwork;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** What {@code make_torchscript.py} wrote: files of networks, and how PyTorch trained them. */
public final class TorchScriptFiles {

  /** Width of the rows. */
  public static final int FEATURES = 6;

  /** Width of the logits. */
  public static final int CLASSES = 3;

  /** Rows one after the other, and their labels. */
  public record Rows(float[] features, long[] labels) {}

  /**
   * A training on all rows in each step.
   *
   * @param losses before each step
   * @param logits of all rows after the last step
   */
  public record Run(
      String file, Shape rowShape, ParameterRules rules, float[] losses, float[] logits) {

    /** The network, not initialised. */
    public TorchScriptNetwork network() {
      return new TorchScriptNetwork(bytes(file), rowShape, CLASSES, rules);
    }

    @Override
    public String toString() {
      return file + " " + rules;
    }
  }

  private TorchScriptFiles() {}

  /** The bytes of a file. */
  public static byte[] bytes(String name) {
    try (InputStream in = TorchScriptFiles.class.getResourceAsStream("/torchscript/" + name)) {
      return Objects.requireNonNull(in, name).readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static JsonNode reference() {
    try {
      return new ObjectMapper().readTree(bytes("reference.json"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** What all runs were trained on. */
  public static Rows rows() {
    JsonNode labels = reference().get("labels");
    long[] classes = new long[labels.size()];
    for (int i = 0; i < classes.length; i++) {
      classes[i] = labels.get(i).asLong();
    }
    return new Rows(floats(reference().get("rows")), classes);
  }

  /** All runs; the last one has rules. */
  public static List<Run> runs() {
    List<Run> runs = new ArrayList<>();
    for (JsonNode run : reference().get("runs")) {
      List<String> frozen = new ArrayList<>();
      run.get("frozen").forEach(pattern -> frozen.add(pattern.asText()));
      Map<String, Double> rates = new LinkedHashMap<>();
      run.get("rates")
          .fields()
          .forEachRemaining(rate -> rates.put(rate.getKey(), rate.getValue().asDouble()));
      List<Long> shape = new ArrayList<>();
      run.get("rowShape").forEach(size -> shape.add(size.asLong()));
      runs.add(
          new Run(
              run.get("file").asText(),
              new Shape(shape),
              new ParameterRules(frozen, rates),
              floats(run.get("losses")),
              floats(run.get("logits"))));
    }
    return runs;
  }

  private static float[] floats(JsonNode numbers) {
    float[] values = new float[numbers.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) numbers.get(i).asDouble();
    }
    return values;
  }
}
