package io.sparkfocal.ml;

import io.sparkfocal.calibration.CalibrationReport;
import io.sparkfocal.calibration.LogitLink;
import io.sparkfocal.calibration.TemperatureScaling;
import io.sparkfocal.calibration.ThresholdTuning;
import io.sparkfocal.calibration.ValidationScores;
import io.sparkfocal.data.Columns;
import io.sparkfocal.data.TrainingColumns;
import java.util.List;
import java.util.Objects;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.ml.param.ParamMap;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.functions;

/**
 * Measures a trained model's probabilities on the validation rows, and chooses temperature and
 * thresholds there, where that is asked for.
 *
 * <p>Looks at {@value #MOST_ROWS} rows at most, drawn by the seed.
 */
final class Calibrator {

  private static final int MOST_ROWS = 200_000;
  private static final String RAW = "focal_raw_scores";

  private final FocalLossClassifier params;
  private final TrainingColumns columns;

  Calibrator(FocalLossClassifier params, TrainingColumns columns) {
    this.params = params;
    this.columns = columns;
  }

  /** The model with its calibration in the summary. */
  FocalLossClassificationModel calibrate(
      FocalLossClassificationModel model, Dataset<?> dataset, long validationRows) {
    ValidationScores scores = scores(model, dataset, validationRows);
    double temperature =
        Choices.calibration(params.getCalibration()) ? TemperatureScaling.fit(scores) : 1;
    FocalLossClassificationModel calibrated =
        model
            .with(model.network().link().withTemperature(temperature))
            .with(model.summary().orElseThrow().with(CalibrationReport.of(scores, temperature)));
    long[] trainingRows = model.summary().orElseThrow().classCounts();
    ThresholdTuning tuning = ThresholdTuning.parse(params.getThresholdTuning());
    return tuning == null
        ? calibrated
        : calibrated.setThresholds(tuning.thresholds(scores, temperature, trainingRows));
  }

  private ValidationScores scores(
      FocalLossClassificationModel model, Dataset<?> dataset, long validationRows) {
    FocalLossClassificationModel bare =
        model
            .copy(ParamMap.empty())
            .setRawPredictionCol(RAW)
            .setProbabilityCol("")
            .setPredictionCol("");
    Dataset<?> rows = dataset.filter(Columns.named(Objects.requireNonNull(columns.validation())));
    if (validationRows > MOST_ROWS) {
      rows = rows.sample((double) MOST_ROWS / validationRows, params.getSeed());
    }
    Column weight = columns.weight() == null ? functions.lit(1.0) : Columns.named(columns.weight());
    List<Row> scored =
        bare.transform(rows)
            .select(
                Columns.named(columns.label()).cast("int"),
                weight.cast("double"),
                functions.col(RAW))
            .collectAsList();
    int outputs = model.network().description().outputs();
    int[] labels = new int[scored.size()];
    double[] weights = new double[scored.size()];
    double[][] raw = new double[scored.size()][];
    for (int i = 0; i < labels.length; i++) {
      Row row = scored.get(i);
      labels[i] = row.getInt(0);
      weights[i] = row.getDouble(1);
      raw[i] = LogitLink.softmaxSpace(((Vector) row.get(2)).toArray(), outputs);
    }
    return new ValidationScores(labels, raw, weights);
  }
}
