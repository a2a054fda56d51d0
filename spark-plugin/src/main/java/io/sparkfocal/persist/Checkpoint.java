package io.sparkfocal.persist;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sparkfocal.data.FeatureEncoding;
import io.sparkfocal.data.Standardization;
import io.sparkfocal.train.EpochReport;
import io.sparkfocal.train.FlatParameters;
import io.sparkfocal.train.Floats;
import io.sparkfocal.train.LoopState;
import io.sparkfocal.train.OptimizerState;
import io.sparkfocal.train.PackedState;
import java.io.IOException;
import java.io.OutputStream;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A run between two steps, as a file: tensors as safetensors, the rest as JSON in its metadata.
 *
 * <p>One that was read has its tensors in the file still, and is to be closed.
 *
 * @param plan what was to be done, by name: network, loss, data and so on
 * @param encoding of the features
 * @param state of the training loop
 * @param packed whether the state is of a file of format 1, with parameters one after the other
 */
public record Checkpoint(
    Map<String, String> plan, FeatureEncoding encoding, LoopState state, boolean packed)
    implements AutoCloseable {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String RUN = "checkpoint";
  private static final String FORMAT = "5";

  /** The encoding of a table was text in the header. */
  private static final String FORMAT_WITH_LONG_HEADER = "4";

  /** Reports lacked the metric that chooses the best epoch. */
  private static final String FORMAT_WITHOUT_METRIC = "3";

  /** What is not a value of the network was text in these. */
  private static final String TEXT_FORMAT = "2";

  private static final String PACKED_FORMAT = "1";
  private static final String WEIGHTS = "weights";
  private static final String BEST = "best";
  private static final String OPTIMIZER = "optimizer.";
  private static final String MEANS = "means";
  private static final String SCALES = "scales";
  private static final String REPORTS = "reports";

  /** Of a run of this version. */
  public Checkpoint(Map<String, String> plan, FeatureEncoding encoding, LoopState state) {
    this(plan, encoding, state, false);
  }

  /**
   * The state, for that network.
   *
   * @throws IllegalArgumentException if it is of a network with other parameters
   */
  public LoopState state(FlatParameters parameters) {
    return packed ? PackedState.spread(state, parameters) : state;
  }

  /**
   * Writes the file.
   *
   * @param tooLate whether to leave off
   * @return whether it was written to its end
   * @throws IOException if it cannot be written
   */
  public boolean write(OutputStream out, BooleanSupplier tooLate) throws IOException {
    ObjectNode run = JSON.createObjectNode();
    run.put("format", FORMAT);
    run.set("plan", JSON.valueToTree(plan));
    run.put("epoch", state.epoch()).put("step", state.step()).put("steps", state.steps());
    run.put("lossSum", state.lossSum()).put("weightSum", state.weightSum());
    run.put("updates", state.optimizer().updates()).put("seconds", state.seconds());
    LoopState.Best best = state.best();
    if (best != null) {
      run.put("bestEpoch", best.epoch()).put("bestScore", best.score());
    }
    SafetensorsWriter file = new SafetensorsWriter(Map.of(RUN, run.toString()));
    EncodingFile.add(file, encoding);
    EpochReports.write(file, REPORTS, state.reports());
    file.add(WEIGHTS, new long[] {state.weights().size()}, state.weights());
    state
        .optimizer()
        .moments()
        .forEach((name, moment) -> file.add(OPTIMIZER + name, new long[] {moment.size()}, moment));
    if (best != null) {
      file.add(BEST, new long[] {best.weights().size()}, best.weights());
    }
    return file.write(out, tooLate);
  }

  /**
   * Of what {@link #write} wrote; reads all but the values of the network.
   *
   * @param bytes of the file; closed with the checkpoint, or if there is none
   * @param file what the bytes are, for messages
   * @throws IllegalArgumentException if they are damaged, or of another format
   * @throws IOException if they cannot be read
   */
  public static Checkpoint read(SeekableBytes bytes, String file) throws IOException {
    boolean done = false;
    try {
      Checkpoint read = read(new Safetensors(bytes, file), file);
      done = true;
      return read;
    } finally {
      if (!done) {
        bytes.close();
      }
    }
  }

  private static Checkpoint read(Safetensors tensors, String file) throws IOException {
    JsonNode run = run(tensors, file);
    String format = run.path("format").asText();
    boolean asText = format.equals(TEXT_FORMAT) || format.equals(PACKED_FORMAT);
    if (!asText
        && !List.of(FORMAT, FORMAT_WITH_LONG_HEADER, FORMAT_WITHOUT_METRIC).contains(format)) {
      throw damaged(file, "its format is " + run.path("format"));
    }
    Map<String, Floats> moments = new TreeMap<>();
    for (String name : tensors.names()) {
      if (name.startsWith(OPTIMIZER)) {
        moments.put(name.substring(OPTIMIZER.length()), tensors.values(name));
      }
    }
    Map<String, String> plan = new LinkedHashMap<>();
    run.path("plan").fields().forEachRemaining(e -> plan.put(e.getKey(), e.getValue().asText()));
    LoopState state =
        new LoopState(
            run.path("epoch").asInt(),
            run.path("step").asLong(),
            run.path("steps").asLong(),
            run.path("lossSum").asDouble(),
            run.path("weightSum").asDouble(),
            tensors.values(WEIGHTS),
            new OptimizerState(run.path("updates").asLong(), moments),
            best(tensors, run),
            reports(tensors, run, format),
            run.path("seconds").asDouble());
    if (state.epoch() < 1 || state.step() < 0 || state.step() > state.steps()) {
      throw damaged(
          file,
          "it says step %s of %s of epoch %s"
              .formatted(state.step(), state.steps(), state.epoch()));
    }
    FeatureEncoding encoding =
        asText
            ? new Standardization(
                ModelFiles.doubles(run.path(MEANS)), ModelFiles.doubles(run.path(SCALES)))
            : encoding(tensors, file);
    return new Checkpoint(plan, encoding, state, format.equals(PACKED_FORMAT));
  }

  private static FeatureEncoding encoding(Safetensors tensors, String file) throws IOException {
    try {
      return EncodingFile.read(tensors);
    } catch (JsonProcessingException e) {
      throw damaged(file, "what it says of the features is no JSON");
    }
  }

  private static List<EpochReport> reports(Safetensors tensors, JsonNode run, String format)
      throws IOException {
    return switch (format) {
      case FORMAT, FORMAT_WITH_LONG_HEADER -> EpochReports.of(tensors.doubles(REPORTS));
      case FORMAT_WITHOUT_METRIC ->
          EpochReports.of(tensors.doubles(REPORTS), EpochReports.COLUMNS_WITHOUT_METRIC);
      default -> EpochReports.of(run.path(REPORTS));
    };
  }

  private static JsonNode run(Safetensors tensors, String file) {
    String text = tensors.metadata().get(RUN);
    if (text == null) {
      throw damaged(file, "it says nothing of a run");
    }
    try {
      return JSON.readTree(text);
    } catch (JsonProcessingException e) {
      throw damaged(file, "what it says of the run is no JSON");
    }
  }

  private static LoopState.@Nullable Best best(Safetensors tensors, JsonNode run) {
    return run.has("bestEpoch")
        ? new LoopState.Best(
            run.path("bestEpoch").asInt(), run.path("bestScore").asDouble(), tensors.values(BEST))
        : null;
  }

  @Override
  public void close() {
    state.close();
  }

  /**
   * Requires that this was made by a run with that plan.
   *
   * @param file where it lies, for messages
   * @throws IllegalArgumentException if it was not, with the first difference
   */
  public void requirePlan(Map<String, String> wanted, String file) {
    for (Map.Entry<String, String> entry : wanted.entrySet()) {
      String had = plan.getOrDefault(entry.getKey(), "nothing");
      if (!had.equals(entry.getValue())) {
        throw new IllegalArgumentException(
            "Checkpoint %s has another %s: %s, but this fit has %s; set another checkpointDir, or resume to false."
                .formatted(file, entry.getKey(), had, entry.getValue()));
      }
    }
  }

  private static IllegalArgumentException damaged(String file, String why) {
    return new IllegalArgumentException(
        "%s is damaged or no checkpoint of this library: %s.".formatted(file, why));
  }
}
