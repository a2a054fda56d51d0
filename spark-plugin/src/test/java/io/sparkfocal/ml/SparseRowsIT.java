package io.sparkfocal.ml;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.udf;
import static org.assertj.core.api.Assertions.assertThat;

import io.sparkfocal.data.Standardization;
import io.sparkfocal.testing.TestSpark;
import java.util.Random;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.ml.linalg.VectorUDT;
import org.apache.spark.ml.linalg.Vectors;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.api.java.UDF1;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Rows with many features that are mostly 0. */
@Timeout(180)
class SparseRowsIT {

  private static final int FEATURES = 300;

  @AfterAll
  static void stop() {
    TestSpark.stop();
  }

  private enum Form {
    SPARSE,
    DENSE,
    MIXED
  }

  /** Five words a row, of which one tells the label, and a number that no row lacks. */
  private static Dataset<Row> rows(int count, Form form) {
    SparkSession spark = TestSpark.local();
    UDF1<Long, Vector> features =
        id -> {
          Random random = new Random(id);
          double[] values = new double[FEATURES];
          for (int word = 0; word < 5; word++) {
            values[2 * random.nextInt(FEATURES / 2 - 1)] += 1;
          }
          values[(int) (id % 2) + 21] = 1;
          values[FEATURES - 1] = 5 + random.nextGaussian();
          Vector dense = Vectors.dense(values);
          return form == Form.SPARSE || (form == Form.MIXED && id % 3 == 0)
              ? dense.toSparse()
              : dense;
        };
    return spark
        .range(0, count, 1, 3)
        .withColumn("features", udf(features, new VectorUDT()).apply(col("id")))
        .selectExpr("id", "int(id % 2) label", "features", "id % 5 = 0 v");
  }

  private static FocalLossClassifier quick() {
    return new FocalLossClassifier()
        .setHiddenLayers(8)
        .setMaxIter(5)
        .setBatchSize(64)
        .setLearningRate(0.01)
        .setValidationIndicatorCol("v");
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3})
  void theSameValuesGiveTheSameBitsWhateverTheFormOfTheVectors(int workers) {
    FocalLossClassifier classifier = quick().setNumWorkers(workers);
    FocalLossClassificationModel sparse = classifier.fit(rows(2000, Form.SPARSE));
    FocalLossClassificationModel dense = classifier.fit(rows(2000, Form.DENSE));
    FocalLossClassificationModel mixed = classifier.fit(rows(2000, Form.MIXED));
    sparse
        .network()
        .weights()
        .forEach(
            (name, tensor) -> {
              assertThat(dense.network().weights().get(name).values()).isEqualTo(tensor.values());
              assertThat(mixed.network().weights().get(name).values()).isEqualTo(tensor.values());
            });
    assertThat(sparse.transform(rows(200, Form.SPARSE)).filter("prediction = label").count())
        .isEqualTo(200);
  }

  @Test
  void whatIsMostlyZeroIsNotCentredAndWhatIsNotIs() {
    var standardization =
        (Standardization) quick().fit(rows(2000, Form.MIXED)).network().encoding();
    assertThat(standardization.means()[2]).isZero();
    assertThat(standardization.means()[3]).isZero();
    assertThat(standardization.means()[21]).isCloseTo(0.5, Offset.offset(0.05));
    assertThat(standardization.means()[FEATURES - 1]).isCloseTo(5, Offset.offset(0.2));
    assertThat(standardization.scales()[3]).isZero();
  }

  @Test
  void networksOfAnyKindTakeThem() {
    FocalLossClassificationModel model =
        quick().setBatchNorm(true).setDropout(0.1).setMaxIter(10).fit(rows(2000, Form.SPARSE));
    assertThat(model.transform(rows(200, Form.DENSE)).filter("prediction = label").count())
        .isGreaterThan(190);
    FocalLossClassificationModel half =
        quick().setPrecision("float16").setMaxIter(10).fit(rows(500, Form.SPARSE));
    assertThat(half.transform(rows(200, Form.DENSE)).filter("prediction = label").count())
        .isGreaterThan(150);
  }
}
