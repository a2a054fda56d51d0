package io.sparkfocal.ml;

import io.sparkfocal.calibration.Calibrated;
import io.sparkfocal.data.LabelCounts;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

/** What an estimator asks of its validation rows, and what is said where there are none. */
final class ValidationRows {

  private static final Set<String> AFTER_TRAINING = Set.of("calibration", "thresholdTuning");

  /** Of fewer, so few would choose an epoch by chance. */
  private static final long FEWEST_TO_HOLD = 1000;

  private final FocalLossClassifier params;

  ValidationRows(FocalLossClassifier params) {
    this.params = params;
  }

  /**
   * Something that needs them.
   *
   * @param name of the param
   * @param value as text
   * @param off the value that switches it off
   */
  private record Demand(String name, String value, String off) {}

  private List<Demand> demands() {
    List<Demand> demands = new ArrayList<>();
    if (params.getLossSearch().length > 0) {
      String losses = Arrays.toString(params.getLossSearch());
      demands.add(new Demand("lossSearch", losses, "no losses"));
    }
    if (params.getEarlyStoppingPatience() > 0) {
      String patience = Integer.toString(params.getEarlyStoppingPatience());
      demands.add(new Demand("earlyStoppingPatience", patience, "0"));
    }
    if (!params.getCalibration().equals("none")) {
      demands.add(new Demand("calibration", params.getCalibration(), "none"));
    }
    if (!params.getThresholdTuning().equals("none")) {
      demands.add(new Demand("thresholdTuning", params.getThresholdTuning(), "none"));
    }
    return demands;
  }

  /** Of how many rows at least some are kept aside, where no column marks any. */
  long fewestToHold() {
    return demands().isEmpty() ? FEWEST_TO_HOLD : 0;
  }

  /**
   * Requires a column that marks them, if anything needs them.
   *
   * @throws IllegalArgumentException if none is set
   */
  void requireColumn() {
    List<Demand> demands = demands();
    if (!params.getValidationIndicatorCol().isEmpty()
        || params.getValidationFraction() > 0
        || demands.isEmpty()) {
      return;
    }
    Demand demand = demands.get(0);
    throw new IllegalArgumentException(
        "%s is %s, but no rows are for validation; set validationIndicatorCol or validationFraction, or %1$s to %s."
            .formatted(demand.name(), demand.value(), demand.off()));
  }

  /**
   * Requires rows that count, if anything needs them. A fold of Spark's own tuning may lack them,
   * since rows fall into folds by chance: it is trained without what needs them.
   *
   * @throws IllegalArgumentException if there are none and this is no fold
   */
  void require(LabelCounts counts, boolean inFold) {
    List<Demand> demands = demands();
    if (counts.canValidate() || inFold || demands.isEmpty()) {
      return;
    }
    Demand demand = demands.get(0);
    throw new IllegalArgumentException(
        "%s is %s, but %s; %s, or set %1$s to %s."
            .formatted(
                demand.name(),
                demand.value(),
                lack(counts),
                counts.validationRows() == 0 ? "mark some" : "give some a positive weight",
                demand.off()));
  }

  /** A sentence where a column is set that marks no rows that count; empty where all is well. */
  List<String> warnings(LabelCounts counts) {
    boolean isUnasked = params.getValidationIndicatorCol().isEmpty() && demands().isEmpty();
    if (counts.canValidate() || isUnasked) {
      return List.of();
    }
    List<String> without = new ArrayList<>();
    for (Demand demand : demands()) {
      without.add(
          demand.name().equals("lossSearch")
              ? "lossSearch (the first loss alone is trained)"
              : demand.name());
    }
    return List.of(
        without.isEmpty()
            ? "validationIndicatorCol is set, but %s, so the last epoch is kept."
                .formatted(lack(counts))
            : "In this fold %s, so it is trained without %s."
                .formatted(lack(counts), String.join(", ", without)));
  }

  /** A sentence where they could not be looked at after the training; empty where all is well. */
  List<String> warnings(Calibrated calibrated) {
    if (calibrated.failure() == null) {
      return List.of();
    }
    List<String> missing = new ArrayList<>(List.of("summary().calibration()"));
    for (Demand demand : demands()) {
      if (AFTER_TRAINING.contains(demand.name())) {
        missing.add(demand.name() + " " + demand.value());
      }
    }
    return List.of(
        "The model is without %s, since the validation rows could not be looked at after the training: %s"
            .formatted(String.join(", ", missing), calibrated.failure()));
  }

  private String lack(LabelCounts counts) {
    String column = params.getValidationIndicatorCol();
    if (column.isEmpty()) {
      return "validationFraction %s of the rows keeps none aside"
          .formatted(params.getValidationFraction());
    }
    return counts.validationRows() == 0
        ? "column \"%s\" marks no rows for validation".formatted(column)
        : "the %s rows that column \"%s\" marks for validation all weigh 0"
            .formatted(counts.validationRows(), column);
  }
}
