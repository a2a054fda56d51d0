package io.sparkfocal.examples.tables;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class StratifiedSplitTest {

  @TempDir static Path folder;
  private static SparkSession spark;
  private static String csv;

  @BeforeAll
  static void writeRows() throws Exception {
    spark =
        SparkSession.builder()
            .master("local[2]")
            .config("spark.ui.enabled", "false")
            .config("spark.sql.shuffle.partitions", "2")
            .getOrCreate();
    List<String> lines = new ArrayList<>(List.of("x,a.b,note,kind"));
    for (int i = 0; i < 1000; i++) {
      lines.add(i + "," + i * 0.5 + ",text," + (i % 100 == 0 ? "rare" : "common"));
    }
    csv = Files.write(folder.resolve("rows.csv"), lines).toString();
  }

  @AfterAll
  static void stop() {
    spark.stop();
  }

  private static List<Double> firstFeature(Dataset<Row> rows) {
    return rows.select("x").collectAsList().stream()
        .map(row -> ((Number) row.get(0)).doubleValue())
        .sorted()
        .toList();
  }

  @Test
  void everyClassIsCutInTheSameProportions() {
    LabelledTable table = LabelledTable.read(spark, csv, "kind");
    assertThat(table.features()).containsExactly("x", "a.b", "note");
    assertThat(table.classes()).containsExactly("common", "rare");
    assertThat(table.describe())
        .isEqualTo("1000 rows, 3 features, 2 classes (common 990, rare 10)");
    try (StratifiedSplit split = StratifiedSplit.of(table, 1)) {
      assertThat(split.test().where("class_number = 1").count()).isEqualTo(3);
      assertThat(split.test().count()).isEqualTo(300);
      assertThat(split.training().where("is_validation").count()).isEqualTo(69 + 1);
      List<Double> all = new ArrayList<>(firstFeature(split.training()));
      all.addAll(firstFeature(split.test()));
      assertThat(all).hasSize(1000).doesNotHaveDuplicates();
    }
  }

  @Test
  void theSeedAloneDecidesWhichRowsAreTested() {
    LabelledTable table = LabelledTable.read(spark, csv, "kind");
    try (StratifiedSplit one = StratifiedSplit.of(table, 1);
        StratifiedSplit again = StratifiedSplit.of(table, 1);
        StratifiedSplit other = StratifiedSplit.of(table, 2)) {
      assertThat(firstFeature(again.test())).isEqualTo(firstFeature(one.test()));
      assertThat(firstFeature(other.test())).isNotEqualTo(firstFeature(one.test()));
    }
  }

  @Test
  void aLabelThatIsNotThereIsToldWithTheColumns() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> LabelledTable.read(spark, csv, "class"))
        .withMessage("There is no column \"class\" in " + csv + "; it has x, a.b, note, kind.");
  }
}
