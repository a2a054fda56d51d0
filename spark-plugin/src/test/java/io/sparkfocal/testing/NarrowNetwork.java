package io.sparkfocal.testing;

import ai.djl.nn.Block;
import io.sparkfocal.network.Layers;
import io.sparkfocal.network.MlpNetwork;
import io.sparkfocal.network.NetworkProvider;
import java.util.Map;

/** A provider as a user would write one: one hidden layer whose width is an argument. */
public final class NarrowNetwork implements NetworkProvider {

  /** Made by name. */
  public NarrowNetwork() {}

  @Override
  public Block create(int features, int outputs, Map<String, String> arguments, Layers layers) {
    int width = Integer.parseInt(arguments.get("width"));
    return new MlpNetwork()
        .create(features, outputs, MlpNetwork.arguments(new int[] {width}, 0, false), layers);
  }
}
