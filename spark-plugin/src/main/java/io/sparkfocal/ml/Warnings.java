package io.sparkfocal.ml;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What one call of {@code fit} has warned of, so that a search says it once for all its losses. */
final class Warnings {

  private static final Logger LOG = LoggerFactory.getLogger(FocalLossClassifier.class);

  private final Set<String> said = new HashSet<>();
  private boolean saidOfValidation;

  /** Logs those sentences that were not logged before. */
  void say(List<String> sentences) {
    sentences.stream().filter(said::add).forEach(LOG::warn);
  }

  /** The same of sentences on validation rows, which a loss of a search puts in other words. */
  void sayOfValidation(List<String> sentences) {
    if (!saidOfValidation) {
      say(sentences);
      saidOfValidation = true;
    }
  }
}
