package io.sparkfocal.persist;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import io.sparkfocal.train.EpochReport;
import io.sparkfocal.train.Evaluation;
import java.util.ArrayList;
import java.util.List;

/** Reports of epochs as JSON. */
public final class EpochReports {

  private static final ObjectMapper JSON = new ObjectMapper();

  private EpochReports() {}

  /** One object per report. */
  public static ArrayNode encode(List<EpochReport> reports) {
    ArrayNode array = JSON.createArrayNode();
    reports.forEach(report -> array.add(JSON.<JsonNode>valueToTree(report)));
    return array;
  }

  /** From what {@link #encode} made; what is missing is 0. */
  public static List<EpochReport> decode(JsonNode array) {
    List<EpochReport> reports = new ArrayList<>();
    array.forEach(report -> reports.add(report(report)));
    return reports;
  }

  private static EpochReport report(JsonNode json) {
    JsonNode validation = json.path("validation");
    return new EpochReport(
        json.path("epoch").asInt(),
        json.path("epochs").asInt(),
        json.path("trainingLoss").asDouble(),
        validation.isObject()
            ? new Evaluation(
                validation.path("loss").asDouble(),
                validation.path("macroRecall").asDouble(),
                validation.path("accuracy").asDouble())
            : null,
        json.path("learningRate").asDouble(),
        json.path("rowsPerSecond").asDouble(),
        json.path("elapsedSeconds").asDouble());
  }
}
