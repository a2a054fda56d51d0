package io.sparkfocal.examples.quickstart;

import io.sparkfocal.examples.tables.LabelledTable;
import io.sparkfocal.examples.tables.StratifiedSplit;
import io.sparkfocal.ml.FocalLossClassificationModel;
import io.sparkfocal.ml.FocalLossClassifier;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Trains with each loss and each seed and scores every model on rows it never saw. */
final class LossComparison {

  private final LabelledTable table;
  private final QuickstartOptions options;
  private final ProgressPrinter progress;
  private final ScoreTable scores;
  private @Nullable FocalLossClassificationModel lastModel;
  private @Nullable StratifiedSplit lastSplit;

  LossComparison(LabelledTable table, QuickstartOptions options, ProgressPrinter progress) {
    this.table = table;
    this.options = options;
    this.progress = progress;
    this.scores = new ScoreTable(table.classes());
  }

  void run(List<Candidate> candidates, List<Long> seeds) {
    for (long seed : seeds) {
      StratifiedSplit split = StratifiedSplit.of(table, seed);
      for (Candidate candidate : candidates) {
        progress.startRun(candidate.title() + ", seed " + seed);
        lastModel = classifier(candidate, seed).fit(split.training());
        scores.add(candidate, Scores.of(lastModel, split.test()));
      }
      if (lastSplit != null) {
        lastSplit.close();
      }
      lastSplit = split;
    }
  }

  private FocalLossClassifier classifier(Candidate candidate, long seed) {
    FocalLossClassifier classifier =
        new FocalLossClassifier()
            .setFeaturesCols(table.features().toArray(String[]::new))
            .setLabelCol(LabelledTable.CLASS)
            .setValidationIndicatorCol(StratifiedSplit.VALIDATION)
            .setMaxIter(options.epochs())
            .setCalibration("temperature")
            .setSeed(seed)
            .setNumWorkers(options.workers())
            .setDevice(options.device());
    candidate.applyTo(classifier);
    return classifier;
  }

  ScoreTable scores() {
    return scores;
  }

  /** The model of the last candidate and seed. */
  FocalLossClassificationModel lastModel() {
    return Objects.requireNonNull(lastModel, "Nothing was trained.");
  }

  /** The rows of {@link #lastModel}. */
  StratifiedSplit lastSplit() {
    return Objects.requireNonNull(lastSplit, "Nothing was trained.");
  }
}
