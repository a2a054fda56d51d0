package io.sparkfocal.network;

import ai.djl.nn.Activation;
import ai.djl.nn.Block;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * A multilayer perceptron: per hidden layer linear, optional batch norm, ReLU, optional dropout;
 * then a linear layer to the logits.
 *
 * <p>Arguments: {@code hiddenLayers}, widths joined by commas, empty for a linear model; {@code
 * dropout}, from 0 to below 1; {@code batchNorm}, true or false; {@code batchNormScope}, global or
 * local.
 */
public final class MlpNetwork implements NetworkProvider {

  /** Made by name, from the model file. */
  public MlpNetwork() {}

  /** The arguments for these layers. */
  public static Map<String, String> arguments(
      int[] hiddenLayers, double dropout, boolean batchNorm) {
    Map<String, String> arguments = new TreeMap<>();
    arguments.put(
        "hiddenLayers",
        Arrays.stream(hiddenLayers).mapToObj(Integer::toString).collect(Collectors.joining(",")));
    arguments.put("dropout", Double.toString(dropout));
    arguments.put("batchNorm", Boolean.toString(batchNorm));
    return arguments;
  }

  /**
   * How many values its parameters and running statistics have, without building it.
   *
   * @throws ArithmeticException if there are more than a long can count
   */
  public static long parameterCount(int features, int outputs, Map<String, String> arguments) {
    boolean batchNorm = batchNorm(arguments);
    long count = 0;
    long width = features;
    for (int units : hiddenLayers(arguments.getOrDefault("hiddenLayers", ""))) {
      // A bias, or gamma, beta and two running statistics.
      count = Math.addExact(count, Math.multiplyExact(units, width + (batchNorm ? 4 : 1)));
      width = units;
    }
    return Math.addExact(count, Math.multiplyExact(outputs, width + 1));
  }

  @Override
  public Block create(int features, int outputs, Map<String, String> arguments, Layers layers) {
    double dropout = Double.parseDouble(arguments.getOrDefault("dropout", "0"));
    boolean batchNorm = batchNorm(arguments);
    boolean local = arguments.getOrDefault("batchNormScope", "global").equals("local");
    SequentialBlock network = new SequentialBlock();
    for (int units : hiddenLayers(arguments.getOrDefault("hiddenLayers", ""))) {
      network.add(linear(network, units, !batchNorm, layers));
      if (batchNorm) {
        network.add(layers.batchNorm(local));
      }
      network.add(Activation.reluBlock());
      if (dropout > 0) {
        network.add(layers.dropout(dropout));
      }
    }
    return network.add(linear(network, outputs, true, layers));
  }

  private static Block linear(SequentialBlock network, int units, boolean bias, Layers layers) {
    return network.getChildren().isEmpty()
        ? layers.linear(units, bias)
        : ai.djl.nn.core.Linear.builder().setUnits(units).optBias(bias).build();
  }

  /** Widths of the features, the hidden layers and the logits. */
  static int[] widths(int features, int outputs, Map<String, String> arguments) {
    int[] hidden = hiddenLayers(arguments.getOrDefault("hiddenLayers", ""));
    return IntStream.concat(
            IntStream.concat(IntStream.of(features), Arrays.stream(hidden)), IntStream.of(outputs))
        .toArray();
  }

  /** Whether hidden layers are normalized. */
  static boolean batchNorm(Map<String, String> arguments) {
    return Boolean.parseBoolean(arguments.getOrDefault("batchNorm", "false"));
  }

  /** The widths that a text has, joined by commas. */
  static int[] hiddenLayers(String widths) {
    if (widths.isEmpty()) {
      return new int[0];
    }
    try {
      int[] units = Arrays.stream(widths.split(",")).mapToInt(Integer::parseInt).toArray();
      if (Arrays.stream(units).allMatch(width -> width >= 1)) {
        return units;
      }
    } catch (NumberFormatException e) {
      throw wrongWidths(widths, e);
    }
    throw wrongWidths(widths, null);
  }

  private static IllegalArgumentException wrongWidths(String widths, @Nullable Throwable cause) {
    return new IllegalArgumentException(
        "hiddenLayers is \"%s\"; give whole numbers of at least 1, separated by commas."
            .formatted(widths),
        cause);
  }
}
