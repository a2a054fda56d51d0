package io.sparkfocal.network;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Activation;
import ai.djl.nn.Block;
import ai.djl.nn.Blocks;
import ai.djl.nn.ParallelBlock;
import ai.djl.nn.core.Linear;
import ai.djl.nn.pooling.Pool;
import java.util.Map;

/**
 * ResNet-18 (He et al., arXiv 1512.03385, table 1) for images of at least 32 pixels a side. The
 * layers are those of torchvision: 11,689,512 parameters for three channels and 1,000 classes.
 *
 * <p>Arguments: {@code inputShape}, channels, height and width; {@code batchNormScope}, global or
 * local.
 */
public final class ResNet18Network implements NetworkProvider {

  private static final int LEAST_SIDE = 32;
  private static final int STAGES = 4;
  private static final int FILTERS = 64;

  /** Made by name, from the model file. */
  public ResNet18Network() {}

  @Override
  public Block create(int features, int outputs, Map<String, String> arguments, Layers layers) {
    ImageShape shape = ImageShape.of(arguments, features);
    if (Math.min(shape.height(), shape.width()) < LEAST_SIDE) {
      throw new IllegalArgumentException(
          "ResNet-18 takes images of at least %s pixels a side, but inputShape is [%s]; choose cnn for smaller ones."
              .formatted(LEAST_SIDE, arguments.get("inputShape")));
    }
    boolean local = arguments.getOrDefault("batchNormScope", "global").equals("local");
    SequentialBlock network =
        new SequentialBlock()
            .add(shape.images())
            .add(ImageShape.convolution(7, FILTERS, 2))
            .add(layers.batchNorm(local))
            .add(Activation.reluBlock())
            .add(Pool.maxPool2dBlock(new Shape(3, 3), new Shape(2, 2), new Shape(1, 1)));
    int filters = FILTERS;
    for (int stage = 0; stage < STAGES; stage++) {
      filters = FILTERS << stage;
      network.add(residual(filters, stage == 0 ? 1 : 2, stage > 0, local, layers));
      network.add(residual(filters, 1, false, local, layers));
    }
    return network
        .add(Pool.globalAvgPool2dBlock())
        .add(Blocks.batchFlattenBlock(filters))
        .add(Linear.builder().setUnits(outputs).build());
  }

  /** Two convolutions beside a shortcut, which is one of its own where the shape changes. */
  private static Block residual(
      int filters, int stride, boolean projects, boolean local, Layers layers) {
    SequentialBlock body =
        new SequentialBlock()
            .add(ImageShape.convolution(3, filters, stride))
            .add(layers.batchNorm(local))
            .add(Activation.reluBlock())
            .add(ImageShape.convolution(3, filters, 1))
            .add(layers.batchNorm(local));
    Block shortcut =
        projects
            ? new SequentialBlock()
                .add(ImageShape.convolution(1, filters, stride))
                .add(layers.batchNorm(local))
            : Blocks.identityBlock();
    return new ParallelBlock(
            lists -> {
              NDArray sum = lists.get(0).singletonOrThrow().add(lists.get(1).singletonOrThrow());
              return new NDList(Activation.relu(sum));
            })
        .add(body)
        .add(shortcut);
  }
}
