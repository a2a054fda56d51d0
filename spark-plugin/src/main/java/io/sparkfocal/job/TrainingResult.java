package io.sparkfocal.job;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sparkfocal.calibration.Calibrated;
import io.sparkfocal.data.FeatureEncoding;
import io.sparkfocal.persist.EncodingFile;
import io.sparkfocal.persist.EpochReports;
import io.sparkfocal.persist.Safetensors;
import io.sparkfocal.persist.SafetensorsWriter;
import io.sparkfocal.persist.SeekableBytes;
import io.sparkfocal.train.EpochReport;
import io.sparkfocal.train.ParameterSlice;
import io.sparkfocal.train.TrainingOutcome;
import java.io.IOException;
import java.io.OutputStream;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What a run brings back to the driver.
 *
 * @param weights by parameter name, in the order of the flat tensor
 * @param encoding of the features
 * @param epochs one report per epoch
 * @param bestEpoch the epoch of the weights
 * @param calibrated what the validation rows say of the probabilities
 * @param device where rank 0 trained
 * @param workers ranks of the attempt that finished
 * @param restarts how often training began again after a failure
 */
public record TrainingResult(
    Map<String, Safetensors.Tensor> weights,
    FeatureEncoding encoding,
    List<EpochReport> epochs,
    int bestEpoch,
    Calibrated calibrated,
    String device,
    int workers,
    int restarts) {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String REPORT = "report";
  private static final String EPOCHS = "epochs";

  /** Before the names of parameters, which might be those above. */
  private static final String WEIGHT = "weight ";

  /** Writes what rank 0 has. */
  static void write(
      OutputStream out,
      TrainingOutcome outcome,
      List<ParameterSlice> slices,
      FeatureEncoding encoding,
      Calibrated calibrated,
      String device)
      throws IOException {
    ObjectNode report = JSON.createObjectNode();
    report.put("bestEpoch", outcome.bestEpoch()).put("device", device);
    report.set("calibrated", JSON.valueToTree(calibrated));
    SafetensorsWriter file = new SafetensorsWriter(Map.of(REPORT, report.toString()));
    EncodingFile.add(file, encoding);
    EpochReports.write(file, EPOCHS, outcome.epochs());
    for (ParameterSlice slice : slices) {
      file.add(
          WEIGHT + slice.name(),
          slice.shape(),
          outcome.weights().part(slice.offset(), slice.size()));
    }
    file.write(out, () -> false);
  }

  /**
   * Of what {@link #write} wrote.
   *
   * @throws IllegalArgumentException if the heap is too small for the weights
   * @throws IOException if the bytes cannot be read
   */
  static TrainingResult read(SeekableBytes bytes, int workers, int restarts) throws IOException {
    Safetensors file = new Safetensors(bytes, "The result of rank 0");
    SizeLimits.requireHeap(file.size());
    Map<String, Safetensors.Tensor> weights = new LinkedHashMap<>();
    for (String name : file.names()) {
      if (name.startsWith(WEIGHT)) {
        weights.put(name.substring(WEIGHT.length()), file.tensor(name));
      }
    }
    try {
      JsonNode report = JSON.readTree(file.metadata().get(REPORT));
      return new TrainingResult(
          weights,
          EncodingFile.read(file),
          EpochReports.of(file.doubles(EPOCHS)),
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
