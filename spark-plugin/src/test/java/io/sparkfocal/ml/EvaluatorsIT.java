package io.sparkfocal.ml;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.sparkfocal.testing.Samples;
import io.sparkfocal.testing.TestSpark;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.apache.spark.ml.attribute.Attribute;
import org.apache.spark.ml.attribute.AttributeGroup;
import org.apache.spark.ml.attribute.NominalAttribute;
import org.apache.spark.ml.classification.LogisticRegression;
import org.apache.spark.ml.evaluation.BinaryClassificationEvaluator;
import org.apache.spark.ml.feature.VectorAssembler;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.ml.linalg.VectorUDT;
import org.apache.spark.ml.linalg.Vectors;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.Metadata;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Scores as Spark ML's own evaluators and stages read them. */
@Timeout(300)
class EvaluatorsIT {

  private static final int FEATURES = 20;

  private static Dataset<Row> weak;

  /** 20,000 rows, one in twenty positive, that overlap nearly wholly. */
  @BeforeAll
  static void startSpark() {
    SparkSession spark = TestSpark.local();
    Random random = new Random(3);
    List<Row> rows = new ArrayList<>();
    for (int i = 0; i < 20_000; i++) {
      int label = i % 20 == 0 ? 1 : 0;
      double[] features = new double[FEATURES];
      for (int f = 0; f < FEATURES; f++) {
        features[f] = random.nextGaussian() + 0.15 * label;
      }
      rows.add(RowFactory.create(label, Vectors.dense(features)));
    }
    StructType schema =
        new StructType()
            .add("label", DataTypes.IntegerType, false)
            .add(new StructField("features", new VectorUDT(), false, Metadata.empty()));
    weak = spark.createDataFrame(rows, schema).repartition(3).cache();
  }

  private static double area(Dataset<Row> scored, String metric, int bins, String column) {
    return new BinaryClassificationEvaluator()
        .setMetricName(metric)
        .setNumBins(bins)
        .setRawPredictionCol(column)
        .evaluate(scored);
  }

  @ParameterizedTest
  @CsvSource({"focal,1", "focal,3", "sigmoidFocal,1", "balancedSoftmax,1"})
  void theRawPredictionRanksAsTheProbabilityDoes(String loss, int epochs) {
    Dataset<Row> scored =
        new FocalLossClassifier()
            .setLoss(loss)
            .setMaxIter(epochs)
            .fit(weak)
            .transform(weak)
            .cache();
    for (String metric : new String[] {"areaUnderROC", "areaUnderPR"}) {
      assertThat(area(scored, metric, 0, "rawPrediction"))
          .isCloseTo(area(scored, metric, 0, "probability"), within(1e-9));
    }
    BinaryClassificationEvaluator defaults = new BinaryClassificationEvaluator();
    // Its 1000 bins are cut by samples of the scores, other ones at each call.
    assertThat(defaults.evaluate(scored))
        .isGreaterThan(0.6)
        .isCloseTo(area(scored, "areaUnderROC", 0, "probability"), within(1e-4));
    for (Row row : scored.select("rawPrediction", "probability").takeAsList(100)) {
      Vector raw = (Vector) row.get(0);
      assertThat(raw.apply(0)).isEqualTo(-raw.apply(1));
      assertThat(((Vector) row.get(1)).apply(1) > 0.5).isEqualTo(raw.apply(1) > 0);
    }
    scored.unpersist();
  }

  private static FocalLossClassifier quick() {
    return new FocalLossClassifier().setHiddenLayers(8).setMaxIter(1);
  }

  @Test
  void outputColumnsTellTheirSizeAsThoseOfSparkDo() {
    Dataset<Row> rows = Samples.rows(TestSpark.local(), 60);
    StructType ours = quick().fit(rows).transform(rows).schema();
    StructType sparks = new LogisticRegression().setMaxIter(1).fit(rows).transform(rows).schema();
    for (String column : new String[] {"rawPrediction", "prediction"}) {
      assertThat(ours.apply(column).metadata()).isEqualTo(sparks.apply(column).metadata());
    }
    for (String column : new String[] {"rawPrediction", "probability"}) {
      assertThat(AttributeGroup.fromStructField(ours.apply(column)).size()).isEqualTo(3);
    }
    NominalAttribute values =
        (NominalAttribute) Attribute.fromStructField(ours.apply("prediction"));
    assertThat(values.getNumValues().get()).isEqualTo(3);
  }

  @Test
  void aVectorAssemblerBehindTheModelNeedsNoRows() {
    Dataset<Row> rows = Samples.rows(TestSpark.local(), 60);
    FocalLossClassificationModel model = quick().fit(rows);
    Dataset<Row> assembled =
        new VectorAssembler()
            .setHandleInvalid("keep")
            .setInputCols(new String[] {"probability", "rawPrediction"})
            .setOutputCol("both")
            .transform(model.transform(rows.limit(0)));
    assertThat(AttributeGroup.fromStructField(assembled.schema().apply("both")).size())
        .isEqualTo(6);
  }

  @Test
  void beforeFittingSizesAreKnownWhereClassesAreDeclared() {
    StructType schema = Samples.rows(TestSpark.local(), 60).schema();
    assertThat(quick().transformSchema(schema).apply("probability").metadata())
        .isEqualTo(Metadata.empty());
    StructType declared = quick().setNumClasses(5).transformSchema(schema);
    assertThat(AttributeGroup.fromStructField(declared.apply("probability")).size()).isEqualTo(5);
  }
}
