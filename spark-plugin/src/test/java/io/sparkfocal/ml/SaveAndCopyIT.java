package io.sparkfocal.ml;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkfocal.testing.Samples;
import io.sparkfocal.testing.TestSpark;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.spark.ml.param.ParamMap;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Estimators and models that are saved, loaded and copied. */
@Timeout(300)
class SaveAndCopyIT {

  private static final int ROWS = 300;

  private static Dataset<Row> rows;

  @BeforeAll
  static void startSpark() {
    SparkSession spark = TestSpark.local();
    rows = Samples.rows(spark, ROWS).repartition(3).cache();
  }

  private static FocalLossClassifier quick() {
    return new FocalLossClassifier()
        .setHiddenLayers(16)
        .setBatchSize(32)
        .setMaxIter(12)
        .setLearningRate(0.02);
  }

  private static List<Row> predictions(Dataset<Row> scored) {
    return scored.select("id", "prediction").orderBy("id").collectAsList();
  }

  @Test
  void aSavedModelScoresAsBeforeAndIsOverwrittenOnlyOnRequest(@TempDir Path folder)
      throws Exception {
    String path = folder.resolve("model").toString();
    FocalLossClassificationModel model =
        quick()
            .setMaxIter(2)
            .setDropout(0.1)
            .setBatchNorm(true)
            .setPredictionCol("guess")
            .fit(rows);
    model.setThresholds(0.5, 0.2, 0.3);
    model.save(path);
    FocalLossClassificationModel loaded = FocalLossClassificationModel.load(path);
    assertThat(loaded.uid()).isEqualTo(model.uid());
    assertThat(loaded.getThresholds()).containsExactly(0.5, 0.2, 0.3);
    assertThat(loaded.hasSummary()).isTrue();
    assertThat(loaded.summary()).usingRecursiveComparison().isEqualTo(model.summary());
    assertThat(loaded.transform(rows).orderBy("id").collectAsList())
        .isEqualTo(model.transform(rows).orderBy("id").collectAsList());
    assertThatThrownBy(() -> model.save(path)).hasMessageContaining("already exists");
    model.write().overwrite().save(path);
    for (String damaged : List.of("{}", "{\"epochs\":[null]}", "[", "")) {
      // Another Hadoop file system than this one would have a checksum beside it.
      Files.deleteIfExists(folder.resolve("model/.summary.json.crc"));
      Files.writeString(folder.resolve("model/summary.json"), damaged);
      loaded = FocalLossClassificationModel.load(path);
      assertThat(loaded.numClasses()).isEqualTo(3);
      assertThat(loaded.hasSummary()).isFalse();
    }
  }

  @Test
  void theEstimatorIsSavedWithItsParams(@TempDir Path folder) throws Exception {
    String path = folder.resolve("estimator").toString();
    FocalLossClassifier classifier =
        quick().setAlpha("none").setGamma(1.5).setHiddenLayers(9, 8).setDevice("cpu");
    classifier.save(path);
    FocalLossClassifier loaded = FocalLossClassifier.load(path);
    assertThat(loaded.uid()).isEqualTo(classifier.uid());
    assertThat(loaded.getAlpha()).isEqualTo("none");
    assertThat(loaded.getGamma()).isEqualTo(1.5);
    assertThat(loaded.getHiddenLayers()).containsExactly(9, 8);
    assertThat(loaded.explainParams()).contains("gamma: focusing exponent");
  }

  @Test
  void copiesHaveTheParamsAndTheExtraOnes() {
    FocalLossClassifier classifier = quick();
    ParamMap extra = new ParamMap().put(classifier.gamma(), 3.5);
    assertThat(classifier.copy(extra).getGamma()).isEqualTo(3.5);
    assertThat(classifier.copy(extra).getMaxIter()).isEqualTo(12);
    assertThat(classifier.getGamma()).isEqualTo(-1);
    FocalLossClassificationModel model = classifier.setMaxIter(1).fit(rows);
    FocalLossClassificationModel copy = model.copy(new ParamMap());
    assertThat(copy.parent()).isEqualTo(model.parent());
    assertThat(predictions(copy.transform(rows))).isEqualTo(predictions(model.transform(rows)));
  }
}
