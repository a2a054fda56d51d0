package io.sparkfocal.ml;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.sparkfocal.testing.Samples;
import io.sparkfocal.testing.TestSpark;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.apache.spark.SparkConf;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.param.ParamMap;
import org.apache.spark.ml.param.Params;
import org.apache.spark.serializer.JavaSerializer;
import org.apache.spark.serializer.KryoSerializer;
import org.apache.spark.serializer.Serializer;
import org.apache.spark.serializer.SerializerInstance;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import scala.reflect.ClassTag;
import scala.reflect.ClassTag$;

/** Estimators and models that were in a closure or a broadcast are as good as before. */
@Timeout(300)
class TravellingIT {

  private static final List<Object> BAD_VALUES =
      List.of(
          -2,
          -2.0,
          2.0,
          "no such name",
          false,
          new int[] {0},
          new double[] {-1},
          new String[] {"no such name"});

  private static Dataset<Row> rows;

  @BeforeAll
  static void startSpark() {
    rows = Samples.rows(TestSpark.local(), 60).repartition(3).cache();
  }

  static Stream<Serializer> serializers() {
    return Stream.of(new JavaSerializer(new SparkConf()), new KryoSerializer(new SparkConf()));
  }

  private static <T> T travelled(Serializer serializer, T object) {
    ClassTag<T> type = ClassTag$.MODULE$.apply(object.getClass());
    SerializerInstance instance = serializer.newInstance();
    ByteBuffer bytes = instance.serialize(object, type);
    return instance.deserialize(bytes, type);
  }

  private static FocalLossClassifier quick() {
    return new FocalLossClassifier().setHiddenLayers(8).setMaxIter(1).setAlpha("none");
  }

  /** What setting each param to each bad value says; a value of another type says so. */
  private static List<String> refusals(Params owner) {
    return Arrays.stream(owner.params())
        .flatMap(
            param -> BAD_VALUES.stream().map(value -> param.name() + ": " + refusal(param, value)))
        .toList();
  }

  @SuppressWarnings("unchecked")
  private static String refusal(Param<?> param, Object value) {
    Throwable thrown =
        catchThrowable(() -> new ParamMap().put((Param<Object>) param, value).size());
    return thrown == null ? "taken" : thrown.getClass() + ": " + thrown.getMessage();
  }

  @ParameterizedTest
  @MethodSource("serializers")
  void anEstimatorRefusesTheSameValuesWithTheSameSentences(Serializer serializer) {
    FocalLossClassifier here = quick();
    FocalLossClassifier there = travelled(serializer, here);
    assertThat(refusals(there))
        .isEqualTo(refusals(here))
        .noneMatch(refusal -> refusal.contains("NullPointerException"))
        .anyMatch(refusal -> refusal.contains("maxIter is -2"));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> there.setMaxIter(-1))
        .withMessage("maxIter is -1; it must be a finite number of at least 0.");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> there.setOptimizer("adam"))
        .withMessageContaining("adamW");
  }

  @ParameterizedTest
  @MethodSource("serializers")
  void anEstimatorKeepsItsParamsIsCopiedAndTrains(Serializer serializer) {
    FocalLossClassifier here = quick().setSeed(7);
    FocalLossClassifier there = travelled(serializer, here);
    assertThat(there.uid()).isEqualTo(here.uid());
    assertThat(explained(there)).isEqualTo(explained(here));
    assertThat(there.gamma().parent()).isEqualTo(there.uid());
    FocalLossClassifier copy = there.setGamma(1.5).copy(new ParamMap().put(there.maxIter(), 2));
    assertThat(copy.getGamma()).isEqualTo(1.5);
    assertThat(copy.getMaxIter()).isEqualTo(2);
    assertThat(there.getMaxIter()).isEqualTo(1);
    assertThat(scores(there.setGamma(-1).fit(rows))).isEqualTo(scores(here.fit(rows)));
  }

  @ParameterizedTest
  @MethodSource("serializers")
  void aModelKeepsItsParamsAndScores(Serializer serializer) {
    FocalLossClassificationModel here = quick().fit(rows);
    FocalLossClassificationModel there = travelled(serializer, here);
    assertThat(scores(there)).isEqualTo(scores(here));
    assertThat(scores(there.copy(new ParamMap()))).isEqualTo(scores(here));
    assertThat(there.summary().numWorkers()).isEqualTo(3);
    assertThat(there.setPredictionCol("guess").transform(rows).columns()).contains("guess");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> there.setThresholds(0.5))
        .withMessageContaining("thresholds");
  }

  /** Without the addresses of arrays. */
  private static String explained(Params owner) {
    return owner.explainParams().replaceAll("@[0-9a-f]+", "");
  }

  private static List<Row> scores(FocalLossClassificationModel model) {
    return model
        .transform(rows)
        .select("id", "probability", "prediction")
        .orderBy("id")
        .collectAsList();
  }
}
