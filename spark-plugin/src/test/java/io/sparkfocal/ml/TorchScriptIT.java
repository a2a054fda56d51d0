package io.sparkfocal.ml;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.sparkfocal.testing.TestSpark;
import io.sparkfocal.testing.TorchScriptFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A network of PyTorch's own, from its file to a model and back. */
@Timeout(180)
class TorchScriptIT {

  private static final int STEPS = 50;

  @TempDir static Path folder;

  @BeforeAll
  static void writeFiles() throws IOException {
    for (String name :
        List.of("tied.pt", "normalized.pt", "frozen.pt", "bfloat16.pt", "state_dict.pt")) {
      Files.write(folder.resolve(name), TorchScriptFiles.bytes(name));
    }
  }

  @AfterAll
  static void stop() {
    TestSpark.stop();
  }

  private static Dataset<Row> rows() {
    SparkSession spark = TestSpark.local();
    TorchScriptFiles.Rows given = TorchScriptFiles.rows();
    List<Row> rows = new ArrayList<>();
    for (int i = 0; i < given.labels().length; i++) {
      List<Float> features = new ArrayList<>();
      for (int k = 0; k < TorchScriptFiles.FEATURES; k++) {
        features.add(given.features()[i * TorchScriptFiles.FEATURES + k]);
      }
      rows.add(RowFactory.create(features, (int) given.labels()[i]));
    }
    return spark.createDataFrame(
        rows,
        new StructType()
            .add("features", new ArrayType(DataTypes.FloatType, false))
            .add("label", DataTypes.IntegerType));
  }

  private static FocalLossClassifier classifier(String file) {
    return new FocalLossClassifier()
        .setNetwork("torchscript:" + folder.resolve(file))
        .setOptimizer("sgd")
        .setMomentum(0.9)
        .setWeightDecay(0.01)
        .setLearningRate(0.1)
        .setLearningRateSchedule("constant")
        .setBatchSize(1000)
        .setMaxIter(STEPS)
        .setNumWorkers(2);
  }

  @Test
  void aFileIsTrainedScoredSavedAndLoadedWithThePythonNamesOfItsParameters(@TempDir Path models)
      throws IOException {
    TorchScriptFiles.Run run =
        TorchScriptFiles.runs().stream().filter(r -> r.file().equals("tied.pt")).findFirst().get();
    FocalLossClassificationModel model = classifier("tied.pt").fit(rows());
    double[] losses = model.summary().objectiveHistory();
    for (int step = 0; step < STEPS; step++) {
      assertThat((float) losses[step]).isCloseTo(run.losses()[step], within(1e-4f));
    }
    assertThat(model.network().weights()).containsKeys("first.weight", "head.bias");
    List<Row> scored = model.transform(rows()).collectAsList();
    for (int i = 0; i < scored.size(); i++) {
      Vector raw = scored.get(i).getAs("rawPrediction");
      for (int c = 0; c < TorchScriptFiles.CLASSES; c++) {
        assertThat((float) raw.apply(c))
            .isCloseTo(run.logits()[i * TorchScriptFiles.CLASSES + c], within(1e-4f));
      }
    }

    String path = models.resolve("model").toString();
    model.save(path);
    FocalLossClassificationModel loaded = FocalLossClassificationModel.load(path);
    assertThat(loaded.transform(rows()).collectAsList()).isEqualTo(scored);
    // The trained file goes on where this training ended.
    FocalLossClassificationModel again =
        classifier("tied.pt")
            .setNetwork("torchscript:" + path + "/network.pt")
            .setMaxIter(1)
            .fit(rows());
    assertThat(again.summary().objectiveHistory()[0]).isLessThan(losses[STEPS - 1]);
  }

  @Test
  void rowsHaveTheShapeThatTheModuleTakesAndPatternsFreezeItsParameters() {
    FocalLossClassificationModel model =
        classifier("normalized.pt")
            .setInputShape(2, 3)
            .setFrozenParameters("convolution\\..*")
            .setLearningRateFactors("head\\..*=0.5")
            .setMaxIter(3)
            .fit(rows());
    FocalLossClassificationModel other =
        classifier("normalized.pt")
            .setInputShape(2, 3)
            .setFrozenParameters("convolution\\..*")
            .setMaxIter(6)
            .fit(rows());
    // However long the others are trained.
    assertThat(values(model, "convolution.weight")).isEqualTo(values(other, "convolution.weight"));
    assertThat(values(model, "head.weight")).isNotEqualTo(values(other, "head.weight"));
  }

  private static float[] values(FocalLossClassificationModel model, String parameter) {
    return model.network().weights().get(parameter).values();
  }

  @Test
  void whatCannotBeTrainedIsRefusedBeforeTraining() {
    assertThatThrownBy(() -> classifier("frozen.pt").fit(rows()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("no parameters");
    assertThatThrownBy(() -> classifier("bfloat16.pt").fit(rows()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("bfloat16");
    assertThatThrownBy(() -> classifier("state_dict.pt").fit(rows()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("TorchScript");
    assertThatThrownBy(() -> classifier("missing.pt").fit(rows()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("missing.pt does not exist");
    assertThatThrownBy(() -> classifier("normalized.pt").setInputShape(2, 4).fit(rows()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("have 8 values, but there are 6 features");
    assertThatThrownBy(() -> classifier("tied.pt").setNumClasses(5).fit(rows()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("must give");
    assertThatThrownBy(() -> new FocalLossClassifier().setFrozenParameters("head\\..*").fit(rows()))
        .hasMessageContaining("which has no use for it");
  }
}
