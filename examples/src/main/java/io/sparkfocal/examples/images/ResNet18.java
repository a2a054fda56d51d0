package io.sparkfocal.examples.images;

import ai.djl.nn.Block;
import io.sparkfocal.network.Layers;
import io.sparkfocal.network.NetworkProvider;
import io.sparkfocal.network.ResNet18Network;
import java.util.Map;

/**
 * A provider of one's own: ResNet-18 whose images are square and of three channels, so that their
 * side follows from the number of features.
 *
 * <p>A row's features are the pixels of channel 0 line by line, then those of channels 1 and 2, so
 * that an image of side s has 3 s² features; s is at least 32.
 */
public final class ResNet18 implements NetworkProvider {

  private static final int CHANNELS = 3;
  private static final int LEAST_SIDE = 32;

  @Override
  public Block create(int features, int outputs, Map<String, String> arguments, Layers layers) {
    int side = side(features);
    String shape = CHANNELS + "," + side + "," + side;
    return new ResNet18Network().create(features, outputs, Map.of("inputShape", shape), layers);
  }

  private static int side(int features) {
    int side = (int) Math.round(Math.sqrt((double) features / CHANNELS));
    if (side < LEAST_SIDE || side * side * CHANNELS != features) {
      throw new IllegalArgumentException(
          "ResNet18 takes square images of three channels and at least %s pixels a side, but a row has %s features."
              .formatted(LEAST_SIDE, features));
    }
    return side;
  }
}
