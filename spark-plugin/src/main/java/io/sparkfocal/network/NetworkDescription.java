package io.sparkfocal.network;

import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import java.io.Serializable;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;

/**
 * A network by name and arguments, from which any JVM can build it again.
 *
 * @param provider class name of a {@link NetworkProvider}
 * @param arguments arguments of the provider, by name
 * @param features width of the input
 * @param outputs width of the logits
 */
public record NetworkDescription(
    String provider, Map<String, String> arguments, int features, int outputs)
    implements Serializable {

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
    return newProvider().create(features, outputs, arguments, layers);
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
