package io.sparkfocal.persist;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sparkfocal.data.Standardization;
import io.sparkfocal.train.FlatParameters;
import io.sparkfocal.train.LoopState;
import io.sparkfocal.train.OptimizerState;
import io.sparkfocal.train.PackedState;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A run between two steps, as a file: tensors as safetensors, the rest as JSON in its metadata.
 *
 * @param plan what was to be done, by name: network, loss, data and so on
 * @param standardization of the features
 * @param state of the training loop
 * @param packed whether the state is of a file of format 1, with parameters one after the other
 */
public record Checkpoint(
    Map<String, String> plan, Standardization standardization, LoopState state, boolean packed) {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String RUN = "checkpoint";
  private static final String FORMAT = "2";
  private static final String PACKED_FORMAT = "1";
  private static final String WEIGHTS = "weights";
  private static final String BEST = "best";
  private static final String OPTIMIZER = "optimizer.";

  /** Of a run of this version. */
  public Checkpoint(Map<String, String> plan, Standardization standardization, LoopState state) {
    this(plan, standardization, state, false);
  }

  /**
   * The state, for that network.
   *
   * @throws IllegalArgumentException if it is of a network with other parameters
   */
  public LoopState state(FlatParameters parameters) {
    return packed ? PackedState.spread(state, parameters) : state;
  }

  /** The file's bytes. */
  public byte[] encode() {
    Map<String, Safetensors.Tensor> tensors = new LinkedHashMap<>();
    tensors.put(WEIGHTS, vector(state.weights()));
    state.optimizer().moments().forEach((k, v) -> tensors.put(OPTIMIZER + k, vector(v)));
    ObjectNode run = JSON.createObjectNode();
    run.put("format", packed ? PACKED_FORMAT : FORMAT);
    run.set("plan", JSON.valueToTree(plan));
    run.set("means", JSON.valueToTree(standardization.means()));
    run.set("scales", JSON.valueToTree(standardization.scales()));
    run.put("epoch", state.epoch()).put("step", state.step()).put("steps", state.steps());
    run.put("lossSum", state.lossSum()).put("weightSum", state.weightSum());
    run.put("updates", state.optimizer().updates()).put("seconds", state.seconds());
    run.set("reports", EpochReports.encode(state.reports()));
    LoopState.Best best = state.best();
    if (best != null) {
      tensors.put(BEST, vector(best.weights()));
      run.put("bestEpoch", best.epoch()).put("bestScore", best.score());
    }
    return new Safetensors(tensors, Map.of(RUN, run.toString())).encode();
  }

  private static Safetensors.Tensor vector(float[] values) {
    return new Safetensors.Tensor(new long[] {values.length}, values);
  }

  /**
   * From the bytes of {@link #encode}.
   *
   * @param file what the bytes are, for messages
   * @throws IllegalArgumentException if they are damaged, or of another format
   */
  public static Checkpoint decode(byte[] bytes, String file) {
    Safetensors tensors = Safetensors.decode(bytes, file);
    JsonNode run = run(tensors, file);
    String format = run.path("format").asText();
    if (!format.equals(FORMAT) && !format.equals(PACKED_FORMAT)) {
      throw damaged(file, "its format is " + run.path("format"));
    }
    Map<String, float[]> moments = new TreeMap<>();
    tensors
        .tensors()
        .forEach(
            (name, tensor) -> {
              if (name.startsWith(OPTIMIZER)) {
                moments.put(name.substring(OPTIMIZER.length()), tensor.values());
              }
            });
    Map<String, String> plan = new LinkedHashMap<>();
    run.path("plan").fields().forEachRemaining(e -> plan.put(e.getKey(), e.getValue().asText()));
    LoopState state =
        new LoopState(
            run.path("epoch").asInt(),
            run.path("step").asLong(),
            run.path("steps").asLong(),
            run.path("lossSum").asDouble(),
            run.path("weightSum").asDouble(),
            values(tensors, WEIGHTS, file),
            new OptimizerState(run.path("updates").asLong(), moments),
            best(tensors, run, file),
            EpochReports.decode(run.path("reports")),
            run.path("seconds").asDouble());
    if (state.epoch() < 1 || state.step() < 0 || state.step() > state.steps()) {
      throw damaged(
          file,
          "it says step %s of %s of epoch %s"
              .formatted(state.step(), state.steps(), state.epoch()));
    }
    return new Checkpoint(
        plan,
        new Standardization(
            ModelFiles.doubles(run.path("means")), ModelFiles.doubles(run.path("scales"))),
        state,
        format.equals(PACKED_FORMAT));
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

  private static LoopState.@Nullable Best best(Safetensors tensors, JsonNode run, String file) {
    return run.has("bestEpoch")
        ? new LoopState.Best(
            run.path("bestEpoch").asInt(),
            run.path("bestScore").asDouble(),
            values(tensors, BEST, file))
        : null;
  }

  private static float[] values(Safetensors tensors, String name, String file) {
    Safetensors.Tensor tensor = tensors.tensors().get(name);
    if (tensor == null) {
      throw damaged(file, "tensor \"" + name + "\" is missing");
    }
    return tensor.values();
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
