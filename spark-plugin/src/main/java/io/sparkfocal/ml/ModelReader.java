package io.sparkfocal.ml;

import io.sparkfocal.compat.LocalSaving;
import io.sparkfocal.persist.ModelFiles;
import io.sparkfocal.persist.ModelFolder;
import io.sparkfocal.persist.TrainedNetwork;
import java.io.IOException;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.ml.util.DefaultParamsReader;
import org.apache.spark.ml.util.MLReader;
import scala.Option;

/** Reads a model from any Hadoop file system, also one that an earlier version saved. */
final class ModelReader extends MLReader<FocalLossClassificationModel> {

  @Override
  public FocalLossClassificationModel load(String path) {
    Configuration hadoop = sparkSession().sessionState().newHadoopConf();
    String folder = LocalSaving.folder(path);
    try {
      // First, since it says what is wrong with a folder that is no model.
      TrainedNetwork network = ModelFiles.read(folder, hadoop);
      DefaultParamsReader.Metadata metadata =
          DefaultParamsReader.parseMetadata(
              ModelFolder.metadata(folder, hadoop), FocalLossClassificationModel.class.getName());
      FocalLossClassificationModel model =
          new FocalLossClassificationModel(
              metadata.uid(), network, SummaryFile.read(folder, hadoop));
      metadata.getAndSetParams(model, Option.empty());
      return model;
    } catch (IOException e) {
      throw new IllegalStateException(
          "The model cannot be read from %s: %s; check that the folder is readable, and was copied as a whole."
              .formatted(folder, String.valueOf(e.getMessage()).lines().findFirst().orElse("")),
          e);
    }
  }
}
