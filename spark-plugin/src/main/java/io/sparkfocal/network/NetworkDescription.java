package io.sparkfocal.network;

import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import java.io.Serializable;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A network by name and arguments, from which any JVM can build it again.
 *
 * @param provider class name of a {@link NetworkProvider}
 * @param arguments arguments of the provider, by name
 * @param features width of the input
 * @param outputs width of the logits
 * @param file of a {@link TorchScriptNetwork}, whose arguments are in the place of a provider's;
 *     null for others
 */
public record NetworkDescription(
    String provider,
    Map<String, String> arguments,
    int features,
    int outputs,
    @Nullable TorchScriptFile file)
    implements Serializable {

  private static final String ROW_SHAPE = "inputShape";
  private static final String FROZEN = "frozen";
  private static final String RATES = "learningRateFactors";

  /** Of a provider's network. */
  public NetworkDescription(
      String provider, Map<String, String> arguments, int features, int outputs) {
    this(provider, arguments, features, outputs, null);
  }

  /**
   * Of a TorchScript network.
   *
   * @param rowShape shape in which it takes a row; empty for a vector
   * @param rules which parameters are trained, and how fast
   */
  public static NetworkDescription torchScript(
      TorchScriptFile file, int[] rowShape, ParameterRules rules, int features, int outputs) {
    Map<String, String> arguments = new TreeMap<>();
    arguments.put(
        ROW_SHAPE,
        Arrays.stream(rowShape).mapToObj(Integer::toString).collect(Collectors.joining(",")));
    arguments.put(FROZEN, String.join("\n", rules.frozen()));
    arguments.put(
        RATES,
        rules.rateFactors().entrySet().stream()
            .map(e -> e.getValue() + " " + e.getKey())
            .collect(Collectors.joining("\n")));
    return new NetworkDescription(
        TorchScriptNetwork.class.getName(), arguments, features, outputs, file);
  }

  /** Copies the arguments, sorted by name. */
  public NetworkDescription {
    arguments = new TreeMap<>(arguments);
  }

  /**
   * Builds the network, not initialised.
   *
   * @throws IllegalArgumentException if the provider is not on the class path, is no {@link
   *     NetworkProvider}, or refuses the arguments
   */
  public Block build(Layers layers) {
    return file == null
        ? created(newProvider(), layers)
        : new TorchScriptNetwork(file.bytes(), rowShape(), outputs, rules());
  }

  private Block created(NetworkProvider network, Layers layers) {
    Block block = network.create(features, outputs, arguments, layers);
    if (network.keepsValues()) {
      block
          .getParameters()
          .values()
          .forEach(
              parameter -> {
                if (parameter.isInitialized()) {
                  float[] values = parameter.getArray().toFloatArray();
                  parameter.setInitializer((SeededInitializer) (random, shape) -> values);
                }
              });
    }
    return block;
  }

  private Shape rowShape() {
    String text = arguments.getOrDefault(ROW_SHAPE, "");
    return text.isEmpty()
        ? new Shape(features)
        : new Shape(Arrays.stream(text.split(",")).mapToLong(Long::parseLong).toArray());
  }

  private ParameterRules rules() {
    Map<String, Double> rates = new LinkedHashMap<>();
    for (String rate : lines(RATES)) {
      int space = rate.indexOf(' ');
      rates.put(rate.substring(space + 1), Double.valueOf(rate.substring(0, space)));
    }
    return new ParameterRules(lines(FROZEN), rates);
  }

  private List<String> lines(String argument) {
    return arguments.getOrDefault(argument, "").lines().toList();
  }

  /** The same without the file, for those who have it otherwise, or with one. */
  public NetworkDescription with(@Nullable TorchScriptFile other) {
    return new NetworkDescription(provider, arguments, features, outputs, other);
  }

  /**
   * Requires that a network, initialised, has as many outputs as described.
   *
   * @throws IllegalArgumentException if it has not
   */
  public void requireOutputs(Block network) {
    Shape[] shapes = network.getOutputShapes(new Shape[] {new Shape(1, features)});
    if (shapes.length != 1 || !shapes[0].equals(new Shape(1, outputs))) {
      throw new IllegalArgumentException(
          "Network provider \"%s\" gives %s for one row, but must give %s."
              .formatted(provider, Arrays.toString(shapes), new Shape(1, outputs)));
    }
  }

  /**
   * Requires that a provider of this name can be made here.
   *
   * @throws IllegalArgumentException if it cannot
   */
  public static void requireProvider(String name) {
    new NetworkDescription(name, Map.of(), 1, 1).newProvider();
  }

  private NetworkProvider newProvider() {
    ClassLoader loader = Thread.currentThread().getContextClassLoader();
    try {
      Class<?> type =
          Class.forName(
              provider, false, loader == null ? NetworkProvider.class.getClassLoader() : loader);
      if (!NetworkProvider.class.isAssignableFrom(type)) {
        throw new IllegalArgumentException(
            "Network provider \"" + provider + "\" does not implement " + interfaceName() + ".");
      }
      return (NetworkProvider) type.getDeclaredConstructor().newInstance();
    } catch (ClassNotFoundException e) {
      throw new IllegalArgumentException(
          "Network provider \""
              + provider
              + "\" is not on the class path; add its jar with --jars.",
          e);
    } catch (ReflectiveOperationException e) {
      throw new IllegalArgumentException(
          "Network provider \""
              + provider
              + "\" cannot be made; it must be public, with a public constructor without arguments.",
          e);
    }
  }

  private static String interfaceName() {
    return NetworkProvider.class.getName();
  }
}
