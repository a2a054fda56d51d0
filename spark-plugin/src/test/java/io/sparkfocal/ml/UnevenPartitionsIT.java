package io.sparkfocal.ml;

import static org.apache.spark.sql.functions.expr;
import static org.assertj.core.api.Assertions.assertThat;

import io.sparkfocal.persist.Safetensors;
import io.sparkfocal.testing.Samples;
import io.sparkfocal.testing.TestSpark;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Ranks train on partitions as they are, since no skew is too large here. */
@Timeout(180)
class UnevenPartitionsIT {

  private static final Map<String, String> SETTINGS =
      Map.of("spark.master", "local[3]", "spark.focal.data.max-skew", "1000");

  @AfterAll
  static void stopSpark() {
    TestSpark.stop();
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void skewedAndEmptyPartitionsGiveTheModelOfOneWorker(boolean batchNorm) {
    SparkSession spark = TestSpark.with(SETTINGS);
    // Two values of the key leave one of three partitions empty.
    Dataset<Row> skewed = Samples.rows(spark, 300).repartition(3, expr("id < 40")).cache();
    List<Integer> sizes = skewed.toJavaRDD().glom().map(List::size).collect();
    assertThat(sizes).containsExactlyInAnyOrder(0, 40, 260);
    FocalLossClassifier classifier =
        new FocalLossClassifier()
            .setHiddenLayers(16)
            .setBatchSize(1000)
            .setMaxIter(50)
            .setOptimizer("sgd")
            .setLearningRate(0.05)
            .setBatchNorm(batchNorm);
    Map<String, Safetensors.Tensor> three =
        classifier.setNumWorkers(3).fit(skewed).network().weights();
    Map<String, Safetensors.Tensor> one =
        classifier.setNumWorkers(1).fit(skewed).network().weights();
    assertThat(three.keySet()).isEqualTo(one.keySet());
    one.forEach(
        (name, tensor) ->
            assertThat(three.get(name).values())
                .as(name)
                .containsExactly(tensor.values(), Offset.offset(1e-5f)));
  }
}
