package io.sparkfocal.persist;

import com.fasterxml.jackson.databind.JsonNode;
import io.sparkfocal.train.EpochReport;
import io.sparkfocal.train.Evaluation;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Reports of epochs as numbers, a row for each. */
public final class EpochReports {

  /** Numbers of a report. */
  private static final int COLUMNS = 11;

  /** In checkpoints of format 3, which lack the metric that chooses the best epoch. */
  static final int COLUMNS_WITHOUT_METRIC = 10;

  private EpochReports() {}

  /** Adds them as a tensor. */
  public static void write(SafetensorsWriter file, String name, List<EpochReport> reports) {
    double[] rows = reports.stream().flatMapToDouble(r -> Arrays.stream(row(r))).toArray();
    file.add(name, new long[] {reports.size(), COLUMNS}, rows);
  }

  private static double[] row(EpochReport report) {
    Evaluation validation = report.validation();
    return new double[] {
      report.epoch(),
      report.epochs(),
      report.trainingLoss(),
      report.learningRate(),
      report.rowsPerSecond(),
      report.elapsedSeconds(),
      validation == null ? 0 : 1,
      validation == null ? 0 : validation.loss(),
      validation == null ? 0 : validation.macroRecall(),
      validation == null ? 0 : validation.accuracy(),
      validation == null ? 0 : validation.metric()
    };
  }

  /** From the numbers of a tensor that {@link #write} made. */
  public static List<EpochReport> of(double[] rows) {
    return of(rows, COLUMNS);
  }

  /** From the numbers of an earlier version. */
  static List<EpochReport> of(double[] rows, int columns) {
    List<EpochReport> reports = new ArrayList<>();
    for (int i = 0; i + columns <= rows.length; i += columns) {
      reports.add(
          new EpochReport(
              (int) rows[i],
              (int) rows[i + 1],
              rows[i + 2],
              rows[i + 6] == 0
                  ? null
                  : new Evaluation(
                      rows[i + 7],
                      rows[i + 8],
                      rows[i + 9],
                      columns == COLUMNS ? rows[i + 10] : Double.NaN),
              rows[i + 3],
              rows[i + 4],
              rows[i + 5]));
    }
    return reports;
  }

  /** From JSON, as earlier versions wrote them; what is missing is 0. */
  static List<EpochReport> of(JsonNode array) {
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
                validation.path("accuracy").asDouble(),
                Double.NaN)
            : null,
        json.path("learningRate").asDouble(),
        json.path("rowsPerSecond").asDouble(),
        json.path("elapsedSeconds").asDouble());
  }
}
