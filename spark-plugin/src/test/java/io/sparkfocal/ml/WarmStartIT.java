package io.sparkfocal.ml;

import static org.apache.spark.sql.functions.expr;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import ai.djl.nn.core.Linear;
import io.sparkfocal.network.Layers;
import io.sparkfocal.network.NetworkProvider;
import io.sparkfocal.testing.TestSpark;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A training begins with the weights of an earlier model. */
@Timeout(180)
class WarmStartIT {

  @AfterAll
  static void stop() {
    TestSpark.stop();
  }

  private static Dataset<Row> rows() {
    return TestSpark.local()
        .range(0, 800, 1, 2)
        .withColumn("h", expr("abs(xxhash64(id)) % 1000"))
        .withColumn("a", expr("double(h % 31)"))
        .withColumn("b", expr("double(h % 17)"))
        .withColumn("label", expr("if(a > 15, 1, 0)"))
        .withColumn("three", expr("if(a > 20, 2, if(a > 10, 1, 0))"));
  }

  private static FocalLossClassifier classifier(String network) {
    return new FocalLossClassifier()
        .setFeaturesCols("a", "b")
        .setNetwork(network)
        .setLearningRateSchedule("constant")
        .setNumWorkers(2)
        .setMaxIter(1);
  }

  private static double firstLoss(FocalLossClassificationModel model) {
    return model.summary().objectiveHistory()[0];
  }

  @ParameterizedTest
  @ValueSource(strings = {"mlp", "tabular"})
  void trainingGoesOnFromAModelOrThePathOfOne(String network, @TempDir Path folder)
      throws IOException {
    FocalLossClassificationModel earlier = classifier(network).setMaxIter(8).fit(rows());
    String path = folder.resolve("model").toString();
    earlier.save(path);
    FocalLossClassificationModel cold = classifier(network).fit(rows());
    FocalLossClassificationModel warm = classifier(network).setInitialModel(earlier).fit(rows());
    FocalLossClassificationModel loaded = classifier(network).setInitialModel(path).fit(rows());
    assertThat(firstLoss(warm)).isLessThan(firstLoss(cold) / 2).isEqualTo(firstLoss(loaded));
    assertThat(warm.network().encoding().features()).isEqualTo(2);
  }

  @Test
  void anotherNumberOfClassesKeepsAllButTheOutputLayer() {
    FocalLossClassificationModel earlier = classifier("mlp").setMaxIter(3).fit(rows());
    FocalLossClassificationModel model =
        classifier("mlp")
            .setLabelCol("three")
            .setInitialModel(earlier)
            .setLearningRate(1e-12)
            .fit(rows());
    String first = earlier.network().weights().keySet().iterator().next();
    assertThat(model.network().weights().get(first).values())
        .containsExactly(earlier.network().weights().get(first).values(), within(1e-6f));
    assertThat(model.numClasses()).isEqualTo(3);
  }

  @Test
  void anotherNetworkAndOtherFeaturesAreRefused() {
    FocalLossClassificationModel earlier = classifier("mlp").fit(rows());
    assertThatThrownBy(() -> classifier("tabular").setInitialModel(earlier).fit(rows()))
        .hasMessageContaining("initialModel has the network io.sparkfocal.network.MlpNetwork");
    assertThatThrownBy(
            () -> classifier("mlp").setFeaturesCols("a").setInitialModel(earlier).fit(rows()))
        .hasMessageContaining("initialModel takes 2 features, but there are 1");
    assertThatThrownBy(() -> classifier("mlp").setInitialModel("/no/model").fit(rows()))
        .hasMessageContaining("/no/model/network.json does not exist");
    assertThatThrownBy(() -> classifier("mlp").setInitialModel(earlier).save("/tmp/never-written"))
        .hasStackTraceContaining("initialModel is a model; save that first and set its path");
  }

  /** One linear layer whose weights are all a number that it comes with. */
  public static final class Pretrained implements NetworkProvider {

    /** Made by name. */
    public Pretrained() {}

    @Override
    public Block create(int features, int outputs, Map<String, String> arguments, Layers layers) {
      Block linear = Linear.builder().setUnits(outputs).build();
      float[] values = new float[features * outputs];
      Arrays.fill(values, 0.25f);
      NDManager manager = NDManager.newBaseManager(Device.cpu(), "PyTorch");
      linear.initialize(manager, DataType.FLOAT32, new Shape(1, features));
      linear.getDirectParameters().get("weight").getArray().set(values);
      return linear;
    }

    @Override
    public boolean keepsValues() {
      return true;
    }
  }

  @Test
  void aProviderKeepsTheValuesThatItsNetworkComesWith() {
    FocalLossClassificationModel model =
        classifier("auto")
            .setNetwork(Pretrained.class, Map.of())
            .setLearningRate(1e-12)
            .fit(rows());
    assertThat(model.network().weights().get("weight").values())
        .containsOnly(new float[] {0.25f}, within(1e-6f));
  }
}
