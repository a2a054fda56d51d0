package io.sparkfocal.examples.quickstart;

import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/**
 * What the command line says.
 *
 * @param data what it is called
 * @param input CSV or Parquet file
 * @param label column of the label
 * @param compares whether all losses are compared over all seeds, as without an input of one's own
 * @param workers how many ranks train
 * @param device auto, cpu or gpu
 * @param loss the loss, where one is trained
 * @param epochs passes over the training rows; 0 for the estimator's own choice
 * @param seed decides split and training, where one loss is trained
 * @param output folder for the model and the scored rows
 */
record QuickstartOptions(
    String data,
    String input,
    String label,
    boolean compares,
    int workers,
    String device,
    String loss,
    int epochs,
    long seed,
    String output) {

  /** Of three trainings on two cores in three minutes. */
  private static final int EPOCHS = 8;

  private static final Map<String, String> LABELS = Map.of("flights", "late", "shuttle", "Class");

  private static final Set<String> KNOWN =
      Set.of(
          "--data",
          "--input",
          "--label",
          "--workers",
          "--device",
          "--loss",
          "--epochs",
          "--seed",
          "--output");

  /**
   * Reads pairs of option and value.
   *
   * @throws IllegalArgumentException if an option is unknown or has no value or a wrong one
   */
  static QuickstartOptions parse(String... arguments) {
    Map<String, String> given = new HashMap<>();
    for (int i = 0; i < arguments.length; i += 2) {
      if (!KNOWN.contains(arguments[i])) {
        throw new IllegalArgumentException(
            "Unknown option \"%s\"; choose from --data, --input, --label, --workers, --device, --loss, --epochs, --seed and --output."
                .formatted(arguments[i]));
      }
      if (i + 1 == arguments.length) {
        throw new IllegalArgumentException("Option " + arguments[i] + " has no value.");
      }
      given.put(arguments[i], arguments[i + 1]);
    }
    boolean ownInput = given.containsKey("--input");
    String data = ownInput ? "input" : given.getOrDefault("--data", "flights");
    if (!ownInput && !LABELS.containsKey(data)) {
      throw new IllegalArgumentException("--data is \"" + data + "\"; choose flights or shuttle.");
    }
    if (ownInput && !given.containsKey("--label")) {
      throw new IllegalArgumentException("--input needs --label, the column to predict.");
    }
    String loss = given.getOrDefault("--loss", Candidate.FOCAL.name());
    Candidate.named(loss);
    return new QuickstartOptions(
        data,
        given.getOrDefault("--input", "examples/data/" + data + ".csv.gz"),
        given.getOrDefault("--label", LABELS.getOrDefault(data, "")),
        !ownInput && !given.containsKey("--loss"),
        positive(given, "--workers", 2),
        given.getOrDefault("--device", "auto"),
        loss,
        given.containsKey("--epochs") || !ownInput ? positive(given, "--epochs", EPOCHS) : 0,
        positive(given, "--seed", 1),
        given.getOrDefault("--output", "models/quickstart"));
  }

  private static int positive(Map<String, String> given, String option, int otherwise) {
    String value = given.getOrDefault(option, Integer.toString(otherwise));
    try {
      int number = Integer.parseInt(value);
      if (number > 0) {
        return number;
      }
    } catch (NumberFormatException e) {
      // Told below, as for numbers that are too small.
    }
    throw new IllegalArgumentException(
        option + " is \"" + value + "\"; give a whole number of at least 1.");
  }
}
