package io.sparkfocal.ml;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDManager;
import io.sparkfocal.calibration.LogitLink;
import io.sparkfocal.data.FeatureLayout;
import io.sparkfocal.data.Standardization;
import io.sparkfocal.network.Layers;
import io.sparkfocal.network.MlpNetwork;
import io.sparkfocal.network.NetworkDescription;
import io.sparkfocal.persist.TrainedNetwork;
import io.sparkfocal.testing.TestSpark;
import io.sparkfocal.testing.Weights;
import io.sparkfocal.train.FlatParameters;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.ml.linalg.VectorUDT;
import org.apache.spark.ml.linalg.Vectors;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.catalyst.expressions.GenericRowWithSchema;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.Metadata;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What of a partition is in memory at once while it is scored. */
@Timeout(180)
class PartitionScorerIT {

  private static final StructType SCHEMA =
      new StructType()
          .add("id", DataTypes.IntegerType)
          .add(new StructField("features", new VectorUDT(), false, Metadata.empty()))
          .add("document", DataTypes.StringType);

  private final List<Integer> drawn = new ArrayList<>();

  private static TrainedNetwork network(int width, int outputs, int... hidden) {
    NetworkDescription description =
        new NetworkDescription(
            MlpNetwork.class.getName(), MlpNetwork.arguments(hidden, 0, false), width, outputs);
    try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
      FlatParameters parameters =
          FlatParameters.of(description.build(Layers.forInference()), width, manager, 1);
      return new TrainedNetwork(
          description,
          outputs,
          List.of(),
          Standardization.none(width),
          new LogitLink(false, 1, new double[0]),
          Weights.of(parameters));
    }
  }

  private static Vector features(int id, int width) {
    return Vectors.sparse(width, new int[] {0, width - 1}, new double[] {id % 7, 1});
  }

  /** As many rows as a task may have, each made when it is asked for. */
  private Iterator<Row> rows(int count, int width, int documentLength) {
    return new Iterator<>() {
      @Override
      public boolean hasNext() {
        return drawn.size() < count;
      }

      @Override
      public Row next() {
        int id = drawn.size();
        drawn.add(id);
        Object[] values = {id, features(id, width), "x".repeat(documentLength)};
        return new GenericRowWithSchema(values, SCHEMA);
      }
    };
  }

  private static PartitionScorer scorer(TrainedNetwork network) {
    return new PartitionScorer(
        network.scoring(),
        FeatureLayout.of(SCHEMA, "features", List.of()),
        new OutputColumns("raw", "probability", "prediction"),
        new ClassScores(null));
  }

  @ParameterizedTest
  @CsvSource({
    // width, hidden, outputs, length of a document, rows drawn for the first score
    "4, 8, 2, 10, 1024",
    "262144, 2, 2, 10, 16",
    "4, 8, 100000, 10, 83",
    "4, 1000000, 2, 10, 5",
    "4, 8, 2, 2000000, 5"
  })
  void aBatchIsBoundedByTheBytesOfInputLayersOutputsAndRows(
      int width, int hidden, int outputs, int document, int rowsOfBatch) {
    TestSpark.local();
    TrainedNetwork network = network(width, outputs, hidden);
    try (Scorer scorer = new Scorer(network.scoring())) {
      Iterator<Row> scored = scorer(network).scored(rows(1500, width, document), scorer);
      assertThat(drawn).isEmpty();
      assertThat(scored.next().getInt(0)).isZero();
      assertThat(drawn).hasSize(rowsOfBatch);
      for (int i = 1; i < rowsOfBatch; i++) {
        assertThat(scored.next().getInt(0)).isEqualTo(i);
      }
      assertThat(drawn).hasSize(rowsOfBatch);
      scored.next();
      assertThat(drawn).hasSize(Math.min(1500, 2 * rowsOfBatch));
    }
  }

  /** A row is looked at by its length when its scores are appended, and not before. */
  @Test
  void theVectorsOfARowAreMadeWhenItIsAskedFor() {
    TestSpark.local();
    List<Integer> finished = new ArrayList<>();
    TrainedNetwork network = network(4, 3);
    List<Row> rows = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      int id = i;
      rows.add(
          new GenericRowWithSchema(new Object[] {id, features(id, 4), "x"}, SCHEMA) {
            @Override
            public int length() {
              if (!finished.contains(id)) {
                finished.add(id);
              }
              return super.length();
            }
          });
    }
    try (Scorer scorer = new Scorer(network.scoring())) {
      Iterator<Row> scored = scorer(network).scored(rows.iterator(), scorer);
      for (int i = 0; i < 20; i++) {
        assertThat(finished).hasSize(i);
        scored.next();
      }
      assertThat(scored.hasNext()).isFalse();
    }
  }

  @Test
  void scoresDoNotDependOnTheBatch() {
    TestSpark.local();
    TrainedNetwork network = network(4, 3, 8);
    try (Scorer scorer = new Scorer(network.scoring())) {
      Iterator<Row> small = scorer(network).scored(rows(40, 4, 2_000_000), scorer);
      List<Row> ofSmall = new ArrayList<>();
      small.forEachRemaining(ofSmall::add);
      drawn.clear();
      Iterator<Row> large = scorer(network).scored(rows(40, 4, 1), scorer);
      for (Row row : ofSmall) {
        Row other = large.next();
        assertThat(other.getInt(0)).isEqualTo(row.getInt(0));
        Vector here = row.getAs(4);
        Vector there = other.getAs(4);
        assertThat(there.toArray())
            .containsExactly(here.toArray(), org.assertj.core.data.Offset.offset(1e-6));
        assertThat(there.toArray()[0]).isBetween(0.01, 0.99);
      }
      assertThat(large.hasNext()).isFalse();
    }
  }
}
