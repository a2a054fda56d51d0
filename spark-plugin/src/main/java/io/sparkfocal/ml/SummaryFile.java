package io.sparkfocal.ml;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sparkfocal.persist.ModelFolder;
import java.io.IOException;
import java.util.Objects;
import org.apache.hadoop.conf.Configuration;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A training summary as JSON, in the folder of a saved model. */
final class SummaryFile {

  private static final Logger LOG = LoggerFactory.getLogger(SummaryFile.class);

  private static final ObjectMapper JSON =
      new ObjectMapper().configure(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES, false);

  private SummaryFile() {}

  static String text(TrainingSummary summary) {
    return JSON.valueToTree(summary).toPrettyString();
  }

  /** That of a folder; null if there is none, or it is damaged, since a model scores without it. */
  static @Nullable TrainingSummary read(String folder, Configuration hadoop) throws IOException {
    byte[] bytes = ModelFolder.summary(folder, hadoop);
    try {
      TrainingSummary summary = bytes == null ? null : JSON.readValue(bytes, TrainingSummary.class);
      if (summary == null || isWhole(summary)) {
        return summary;
      }
      LOG.warn("The training summary in {} is damaged, so the model has none.", folder);
    } catch (JsonProcessingException e) {
      LOG.warn(
          "The training summary in {} is damaged, so the model has none: {}",
          folder,
          e.getOriginalMessage());
    }
    return null;
  }

  @SuppressWarnings("ConstantValue") // what Jackson did not find is null
  private static boolean isWhole(TrainingSummary summary) {
    return summary.epochs() != null
        && summary.epochs().stream().allMatch(Objects::nonNull)
        && summary.classCounts() != null
        && summary.device() != null
        && summary.loss() != null
        && summary.search() != null;
  }
}
