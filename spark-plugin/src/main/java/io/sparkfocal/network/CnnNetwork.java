package io.sparkfocal.network;

import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Activation;
import ai.djl.nn.Block;
import ai.djl.nn.Blocks;
import ai.djl.nn.core.Linear;
import ai.djl.nn.pooling.Pool;
import java.util.Map;

/**
 * A small network for images: stages of two 3 x 3 convolutions with batch norm and ReLU, each of
 * which halves height and width, until these are at most 4; then a hidden layer and the logits.
 *
 * <p>Arguments: {@code inputShape}, channels, height and width; {@code dropout} before the logits;
 * {@code batchNormScope}, global or local.
 */
public final class CnnNetwork implements NetworkProvider {

  private static final int FILTERS = 32;
  private static final int MOST_FILTERS = 256;
  private static final int SMALL = 4;
  private static final int HIDDEN = 128;

  /** Made by name, from the model file. */
  public CnnNetwork() {}

  @Override
  public Block create(int features, int outputs, Map<String, String> arguments, Layers layers) {
    ImageShape shape = ImageShape.of(arguments, features);
    boolean local = arguments.getOrDefault("batchNormScope", "global").equals("local");
    SequentialBlock network = new SequentialBlock().add(shape.images());
    int filters = FILTERS;
    int height = shape.height();
    int width = shape.width();
    do {
      for (int i = 0; i < 2; i++) {
        network
            .add(ImageShape.convolution(3, filters, 1))
            .add(layers.batchNorm(local))
            .add(Activation.reluBlock());
      }
      if (Math.min(height, width) > 1) {
        network.add(Pool.maxPool2dBlock(new Shape(2, 2), new Shape(2, 2)));
        height /= 2;
        width /= 2;
      }
      filters = Math.min(MOST_FILTERS, 2 * filters);
    } while (Math.min(height, width) > 1 && Math.max(height, width) > SMALL);
    double dropout = Double.parseDouble(arguments.getOrDefault("dropout", "0"));
    return network
        .add(Blocks.batchFlattenBlock())
        .add(Linear.builder().setUnits(HIDDEN).build())
        .add(Activation.reluBlock())
        .add(layers.dropout(dropout))
        .add(Linear.builder().setUnits(outputs).build());
  }
}
