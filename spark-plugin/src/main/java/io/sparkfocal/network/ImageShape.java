package io.sparkfocal.network;

import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import ai.djl.nn.LambdaBlock;
import ai.djl.nn.convolutional.Conv2d;
import java.util.Arrays;
import java.util.Map;

/**
 * Rows that are images: channel by channel, each line by line.
 *
 * @param channels of an image
 * @param height in pixels
 * @param width in pixels
 */
record ImageShape(int channels, int height, int width) {

  /**
   * From the argument {@code inputShape}, three numbers joined by commas.
   *
   * @throws IllegalArgumentException if it is missing, or rows have another number of features
   */
  static ImageShape of(Map<String, String> arguments, int features) {
    String text = arguments.getOrDefault("inputShape", "");
    int[] numbers =
        text.isEmpty()
            ? new int[0]
            : Arrays.stream(text.split(",")).mapToInt(Integer::parseInt).toArray();
    if (numbers.length != 3) {
      throw new IllegalArgumentException(
          "inputShape is [%s], but a network for images needs channels, height and width; set inputShape, as 3, 32, 32."
              .formatted(text));
    }
    ImageShape shape = new ImageShape(numbers[0], numbers[1], numbers[2]);
    if ((long) shape.channels * shape.height * shape.width != features) {
      throw new IllegalArgumentException(
          "inputShape is [%s], which is %s values, but a row has %s features."
              .formatted(text, (long) shape.channels * shape.height * shape.width, features));
    }
    return shape;
  }

  /** Makes images of rows: (B, features) to (B, channels, height, width). */
  Block images() {
    return LambdaBlock.singleton(x -> x.reshape(x.getShape().get(0), channels, height, width));
  }

  /** A square convolution without bias, which batch norm would remove. */
  static Block convolution(int kernel, int filters, int stride) {
    return Conv2d.builder()
        .setKernelShape(new Shape(kernel, kernel))
        .setFilters(filters)
        .optStride(new Shape(stride, stride))
        .optPadding(new Shape(kernel / 2, kernel / 2))
        .optBias(false)
        .build();
  }
}
