package io.sparkfocal.examples.networks;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkfocal.examples.tables.LabelledTable;
import io.sparkfocal.ml.FocalLossClassificationModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(180)
class NetworksTest {

  private static SparkSession spark;

  @BeforeAll
  static void start() {
    spark =
        SparkSession.builder().master("local[2]").config("spark.ui.enabled", false).getOrCreate();
  }

  @AfterAll
  static void stop() {
    spark.stop();
  }

  @Test
  void theRareClassIsFoundAmongEmbeddings() {
    assertThat(Embeddings.recall(spark, 3000)).isGreaterThan(0.8);
  }

  @Test
  void severalLabelsOfARowAreFound() {
    assertThat(SeveralLabels.microF1(spark, 4000)).isGreaterThan(0.9);
  }

  @Test
  void aFileOfPytorchBecomesAModelAndAFileAgain(@TempDir Path folder) throws IOException {
    String table = folder.resolve("table").toString();
    spark
        .range(900)
        .selectExpr(
            "double(id % 7) a",
            "double(id % 5) b",
            "double(id % 3) c",
            "double(id % 2) d",
            "double(id % 11) e",
            "double(id % 13) f",
            "int(id % 3) label")
        .write()
        .parquet(table);
    FocalLossClassificationModel model =
        OwnNetwork.train(
            "../spark-plugin/src/test/resources/torchscript/tied.pt",
            LabelledTable.read(spark, table, "label"));
    double[] losses = model.summary().objectiveHistory();
    assertThat(losses[14]).isLessThan(0.9 * losses[0]);
    String saved = folder.resolve("model").toString();
    model.save(saved);
    assertThat(Files.size(Path.of(saved, "network.pt"))).isGreaterThan(1000);
  }
}
