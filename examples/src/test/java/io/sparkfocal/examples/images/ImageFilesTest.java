package io.sparkfocal.examples.images;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import javax.imageio.ImageIO;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(180)
class ImageFilesTest {

  private static final int SIDE = 8;

  @Test
  void digitsAreReadFromFiles(@TempDir Path folder) throws IOException {
    try (SparkSession spark =
        SparkSession.builder().master("local[2]").config("spark.ui.enabled", false).getOrCreate()) {
      List<Row> digits =
          spark
              .read()
              .option("header", true)
              .option("inferSchema", true)
              .csv("data/digits.csv.gz")
              .where("digit < 4")
              .collectAsList();
      for (int i = 0; i < digits.size(); i++) {
        Row row = digits.get(i);
        Path ofClass = folder.resolve("digit-" + row.getAs("digit"));
        Files.createDirectories(ofClass);
        ImageIO.write(image(row), "png", ofClass.resolve(i + ".png").toFile());
      }
      Files.writeString(folder.resolve("digit-0").resolve("notes.txt"), "no image");
      assertThat(ImageFiles.accuracy(spark, folder.toString(), SIDE, 12, 1)).isGreaterThan(0.93);
    }
  }

  private static BufferedImage image(Row row) {
    BufferedImage image = new BufferedImage(SIDE, SIDE, BufferedImage.TYPE_BYTE_GRAY);
    int at = 0;
    for (String name : row.schema().fieldNames()) {
      if (!name.equals("digit")) {
        int grey = Math.min(255, 16 * ((Number) row.getAs(name)).intValue());
        image.getRaster().setSample(at % SIDE, at / SIDE, 0, grey);
        at++;
      }
    }
    return image;
  }
}
