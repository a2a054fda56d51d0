package io.sparkfocal.calibration;

import org.jspecify.annotations.Nullable;

/**
 * What validation rows say of the probabilities of a network.
 *
 * @param temperature what the scores are divided by; 1 where none was asked for
 * @param thresholds one per class; null where none were asked for
 * @param report at that temperature; null without validation rows, or where it failed
 * @param failure why all of it is missing, in one sentence; null where nothing is
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record Calibrated(
    double temperature,
    double @Nullable [] thresholds,
    @Nullable CalibrationReport report,
    @Nullable String failure) {

  /** Of no validation rows. */
  public static Calibrated none() {
    return new Calibrated(1, null, null, null);
  }

  /** Of rows that could not be looked at. */
  public static Calibrated failed(String why) {
    return new Calibrated(1, null, null, why);
  }
}
