package io.sparkfocal.network;

import ai.djl.nn.Block;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * The network for the columns of a table: {@link TabularInput}, then a small ensemble of
 * perceptrons that share their weights, as in TabM (Gorishniy et al. 2024, arXiv 2410.24210).
 *
 * <p>Arguments: {@code numbers}, how many of the inputs are numbers, each of which is there twice;
 * {@code missing}, the places of those numbers that may be missing; {@code categories}, how many
 * indices each of the other inputs has; {@code hiddenLayers}, widths; {@code dropout}, from 0 to
 * below 1; {@code members} of the ensemble; {@code average}, of what the outputs are the mean over
 * the members: probabilities (of a softmax) or logits. Lists are joined by commas.
 */
public final class TabularNetwork implements NetworkProvider {

  /** Up to so many features the default network is this one. */
  public static final int MOST_FEATURES = 1024;

  private static final String MEMBERS = "4";

  /** Made by name, from the model file. */
  public TabularNetwork() {}

  /** The arguments for these layers, without those that describe the columns. */
  public static Map<String, String> arguments(
      int[] hiddenLayers, double dropout, boolean averagesLogits) {
    Map<String, String> arguments = new TreeMap<>();
    arguments.put("hiddenLayers", text(Arrays.stream(hiddenLayers).boxed().toList()));
    arguments.put("dropout", Double.toString(dropout));
    arguments.put("members", MEMBERS);
    arguments.put("average", averagesLogits ? "logits" : "probabilities");
    return arguments;
  }

  /**
   * The arguments without what is made of the logits of the members, which no weight depends on.
   */
  public static Map<String, String> layers(Map<String, String> arguments) {
    Map<String, String> layers = new TreeMap<>(arguments);
    layers.remove("average");
    return layers;
  }

  /**
   * The arguments with those that describe the columns.
   *
   * @param numbers how many numbers there are
   * @param missing the places of those that may be missing
   * @param categories how many indices each category has
   */
  public static Map<String, String> withColumns(
      Map<String, String> arguments, int numbers, List<Integer> missing, List<Integer> categories) {
    Map<String, String> all = new TreeMap<>(arguments);
    all.put("numbers", Integer.toString(numbers));
    all.put("missing", text(missing));
    all.put("categories", text(categories));
    return all;
  }

  private static String text(List<Integer> numbers) {
    return numbers.stream().map(Object::toString).collect(Collectors.joining(","));
  }

  @Override
  public Block create(int features, int outputs, Map<String, String> arguments, Layers layers) {
    int[] hidden = MlpNetwork.hiddenLayers(arguments.getOrDefault("hiddenLayers", ""));
    if (hidden.length == 0) {
      throw new IllegalArgumentException(
          "hiddenLayers is empty, but the tabular network needs hidden layers; set some, or network to linear.");
    }
    int[] categories = numbers(arguments, "categories");
    int numbers =
        Integer.parseInt(
            arguments.getOrDefault("numbers", Integer.toString(features - categories.length)));
    boolean described = arguments.containsKey("numbers");
    if (described && 2 * numbers + categories.length != features) {
      throw new IllegalArgumentException(
          "The tabular network is to have %s inputs, but %s numbers and %s categories give %s."
              .formatted(features, numbers, categories.length, 2 * numbers + categories.length));
    }
    TabularInput input = new TabularInput(numbers, numbers(arguments, "missing"), categories);
    double dropout = Double.parseDouble(arguments.getOrDefault("dropout", "0"));
    int members = Integer.parseInt(arguments.getOrDefault("members", MEMBERS));
    boolean averagesLogits = arguments.getOrDefault("average", "probabilities").equals("logits");
    return new SequentialBlock()
        .add(input)
        .add(
            new SharedEnsemble(
                input.origins(),
                hidden,
                outputs,
                members,
                averagesLogits,
                layers.sharedDropouts(dropout, hidden)));
  }

  private static int[] numbers(Map<String, String> arguments, String name) {
    String text = arguments.getOrDefault(name, "");
    return text.isEmpty()
        ? new int[0]
        : Arrays.stream(text.split(",")).mapToInt(Integer::parseInt).toArray();
  }
}
