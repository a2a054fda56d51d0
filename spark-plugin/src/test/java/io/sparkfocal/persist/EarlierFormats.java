package io.sparkfocal.persist;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sparkfocal.train.EpochReport;
import io.sparkfocal.train.Floats;
import io.sparkfocal.train.LoopState;
import java.util.LinkedHashMap;
import java.util.Map;

/** Checkpoints as earlier versions wrote them. */
public final class EarlierFormats {

  private static final ObjectMapper JSON = new ObjectMapper();

  private EarlierFormats() {}

  /** A file of format 1 or 2, of a run with one feature. */
  public static byte[] file(String format, Map<String, String> plan, LoopState state) {
    Map<String, Safetensors.Tensor> tensors = new LinkedHashMap<>();
    tensors.put("weights", vector(state.weights()));
    state.optimizer().moments().forEach((k, v) -> tensors.put("optimizer." + k, vector(v)));
    ObjectNode run = JSON.createObjectNode();
    run.put("format", format);
    run.set("plan", JSON.valueToTree(plan));
    run.putArray("means").add(0.5);
    run.putArray("scales").add(2);
    run.put("epoch", state.epoch()).put("step", state.step()).put("steps", state.steps());
    run.put("lossSum", state.lossSum()).put("weightSum", state.weightSum());
    run.put("updates", state.optimizer().updates()).put("seconds", state.seconds());
    run.putArray("reports")
        .addAll(state.reports().stream().map(EarlierFormats::withoutMetric).toList());
    LoopState.Best best = state.best();
    if (best != null) {
      tensors.put("best", vector(best.weights()));
      run.put("bestEpoch", best.epoch()).put("bestScore", best.score());
    }
    return FileBytes.of(tensors, Map.of("checkpoint", run.toString()));
  }

  private static JsonNode withoutMetric(EpochReport report) {
    JsonNode json = JSON.valueToTree(report);
    if (json.path("validation") instanceof ObjectNode validation) {
      validation.remove("metric");
    }
    return json;
  }

  private static Safetensors.Tensor vector(Floats values) {
    float[] array = values.toArray();
    return new Safetensors.Tensor(new long[] {array.length}, array);
  }
}
