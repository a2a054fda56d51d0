package io.sparkfocal.job;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sparkfocal.calibration.Calibrated;
import io.sparkfocal.data.Standardization;
import io.sparkfocal.persist.EpochReports;
import io.sparkfocal.persist.Safetensors;
import io.sparkfocal.persist.TrainedNetwork;
import io.sparkfocal.train.EpochReport;
import io.sparkfocal.train.ParameterSlice;
import io.sparkfocal.train.TrainingOutcome;
import java.util.List;
import java.util.Map;

/**
 * What a run brings back to the driver.
 *
 * @param weights by parameter name, in the order of the flat tensor
 * @param standardization of the features
 * @param epochs one report per epoch
 * @param bestEpoch the epoch of the weights
 * @param calibrated what the validation rows say of the probabilities
 * @param device where rank 0 trained
 * @param workers ranks of the attempt that finished
 * @param restarts how often training began again after a failure
 */
public record TrainingResult(
    Map<String, Safetensors.Tensor> weights,
    Standardization standardization,
    List<EpochReport> epochs,
    int bestEpoch,
    Calibrated calibrated,
    String device,
    int workers,
    int restarts) {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String REPORT = "report";

  /** As one array of bytes: a task's result then needs no serializer to know our classes. */
  static byte[] encode(
      TrainingOutcome outcome,
      List<ParameterSlice> slices,
      Standardization standardization,
      Calibrated calibrated,
      String device) {
    ObjectNode report = JSON.createObjectNode();
    report.put("bestEpoch", outcome.bestEpoch()).put("device", device);
    report.set("means", JSON.valueToTree(standardization.means()));
    report.set("scales", JSON.valueToTree(standardization.scales()));
    report.set("calibrated", JSON.valueToTree(calibrated));
    report.set("epochs", EpochReports.encode(outcome.epochs()));
    return new Safetensors(
            TrainedNetwork.named(slices, outcome.weights()), Map.of(REPORT, report.toString()))
        .encode();
  }

  /** From the bytes of {@link #encode}. */
  static TrainingResult decode(byte[] bytes, int workers, int restarts) {
    Safetensors file = Safetensors.decode(bytes, "The result of rank 0");
    try {
      JsonNode report = JSON.readTree(file.metadata().get(REPORT));
      return new TrainingResult(
          file.tensors(),
          new Standardization(
              JSON.convertValue(report.path("means"), double[].class),
              JSON.convertValue(report.path("scales"), double[].class)),
          EpochReports.decode(report.path("epochs")),
          report.path("bestEpoch").asInt(),
          JSON.treeToValue(report.path("calibrated"), Calibrated.class),
          report.path("device").asText(),
          workers,
          restarts);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("The result of rank 0 has no readable report.", e);
    }
  }
}
