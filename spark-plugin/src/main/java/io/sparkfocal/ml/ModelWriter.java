package io.sparkfocal.ml;

import io.sparkfocal.compat.LocalSaving;
import io.sparkfocal.persist.ModelFolder;
import java.io.IOException;
import org.apache.spark.ml.util.DefaultParamsWriter;
import org.apache.spark.ml.util.MLWriter;
import org.apache.spark.sql.SparkSession;
import scala.Option;

/** Writes a model to any Hadoop file system. */
final class ModelWriter extends MLWriter {

  private final FocalLossClassificationModel model;

  ModelWriter(FocalLossClassificationModel model) {
    this.model = model;
  }

  @Override
  @SuppressWarnings("deprecation") // the overload that Spark 3.5 has too
  public void saveImpl(String path) {
    SparkSession session = sparkSession();
    String metadata =
        DefaultParamsWriter.getMetadataToSave(
            model, session.sparkContext(), Option.empty(), Option.empty());
    String folder = LocalSaving.folder(path);
    try {
      ModelFolder.write(
          model.network(),
          metadata,
          model.hasSummary() ? model.summary().toJson() : null,
          folder,
          session.sessionState().newHadoopConf());
    } catch (IOException e) {
      throw new IllegalStateException(
          "The model cannot be written to " + folder + "; check that the folder is writable.", e);
    }
  }
}
