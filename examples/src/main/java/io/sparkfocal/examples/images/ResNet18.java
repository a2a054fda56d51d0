package io.sparkfocal.examples.images;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Activation;
import ai.djl.nn.Block;
import ai.djl.nn.Blocks;
import ai.djl.nn.LambdaBlock;
import ai.djl.nn.ParallelBlock;
import ai.djl.nn.convolutional.Conv2d;
import ai.djl.nn.core.Linear;
import ai.djl.nn.pooling.Pool;
import io.sparkfocal.network.Layers;
import io.sparkfocal.network.NetworkProvider;
import io.sparkfocal.network.SequentialBlock;
import java.util.Map;

/**
 * ResNet-18 (He et al., arXiv 1512.03385, table 1) for square images of three channels.
 *
 * <p>A row's features are the pixels of channel 0 line by line, then those of channels 1 and 2, so
 * that an image of side s has 3 s² features; s is at least 32. The layers are those of torchvision:
 * 11,689,512 parameters for 1000 classes.
 */
public final class ResNet18 implements NetworkProvider {

  private static final int CHANNELS = 3;
  private static final int LEAST_SIDE = 32;
  private static final int STAGES = 4;
  private static final int FILTERS = 64;

  @Override
  public Block create(int features, int outputs, Map<String, String> arguments, Layers layers) {
    int side = side(features);
    SequentialBlock network =
        new SequentialBlock()
            .add(LambdaBlock.singleton(x -> x.reshape(x.getShape().get(0), CHANNELS, side, side)))
            .add(convolution(7, FILTERS, 2))
            .add(layers.batchNorm())
            .add(Activation.reluBlock())
            .add(Pool.maxPool2dBlock(new Shape(3, 3), new Shape(2, 2), new Shape(1, 1)));
    int filters = FILTERS;
    for (int stage = 0; stage < STAGES; stage++) {
      filters = FILTERS << stage;
      network.add(residual(filters, stage == 0 ? 1 : 2, stage > 0, layers));
      network.add(residual(filters, 1, false, layers));
    }
    return network
        .add(Pool.globalAvgPool2dBlock())
        .add(Blocks.batchFlattenBlock(filters))
        .add(Linear.builder().setUnits(outputs).build());
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

  /** Two convolutions beside a shortcut, which is one of its own where the shape changes. */
  private static Block residual(int filters, int stride, boolean projects, Layers layers) {
    SequentialBlock body =
        new SequentialBlock()
            .add(convolution(3, filters, stride))
            .add(layers.batchNorm())
            .add(Activation.reluBlock())
            .add(convolution(3, filters, 1))
            .add(layers.batchNorm());
    Block shortcut =
        projects
            ? new SequentialBlock().add(convolution(1, filters, stride)).add(layers.batchNorm())
            : Blocks.identityBlock();
    return new ParallelBlock(
            lists -> {
              NDArray sum = lists.get(0).singletonOrThrow().add(lists.get(1).singletonOrThrow());
              return new NDList(Activation.relu(sum));
            })
        .add(body)
        .add(shortcut);
  }

  private static Block convolution(int kernel, int filters, int stride) {
    return Conv2d.builder()
        .setKernelShape(new Shape(kernel, kernel))
        .setFilters(filters)
        .optStride(new Shape(stride, stride))
        .optPadding(new Shape(kernel / 2, kernel / 2))
        .optBias(false)
        .build();
  }
}
