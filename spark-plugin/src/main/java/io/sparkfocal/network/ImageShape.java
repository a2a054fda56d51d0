package io.sparkfocal.network;

import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import ai.djl.nn.LambdaBlock;
import ai.djl.nn.convolutional.Conv2d;
import java.io.Serializable;
import java.util.Arrays;
import java.util.Map;

/**
 * Rows that are images: channel by channel, each line by line.
 *
 * @param channels of an image
 * @param height in pixels
 * @param width in pixels
 */
public record ImageShape(int channels, int height, int width) implements Serializable {

  private static final int LONGEST_SIDE = 1 << 16;

  /**
   * From channels, height and width.
   *
   * @throws IllegalArgumentException if there are not three numbers
   */
  public static ImageShape of(int... numbers) {
    if (numbers.length != 3) {
      throw new IllegalArgumentException(
          "inputShape is %s, but images need channels, height and width; set inputShape, as 3, 32, 32."
              .formatted(Arrays.toString(numbers)));
    }
    return new ImageShape(numbers[0], numbers[1], numbers[2]);
  }

  /**
   * Requires sides of at most 65,536 pixels, and less than 2<sup>31</sup> values.
   *
   * @throws IllegalArgumentException if they are longer
   */
  public void requireSides() {
    if (Math.max(height, width) > LONGEST_SIDE
        || (long) channels * height * width > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(
          "inputShape is [%s, %s, %s], which is larger than images may be; lower height and width."
              .formatted(channels, height, width));
    }
  }

  /** Channels, height and width. */
  public int[] toArray() {
    return new int[] {channels, height, width};
  }

  /** Values of an image. */
  public int size() {
    return Math.toIntExact((long) channels * height * width);
  }

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
    ImageShape shape = of(numbers);
    shape.requireSize(features);
    return shape;
  }

  /**
   * Requires rows of as many values.
   *
   * @throws IllegalArgumentException if they have others
   */
  public void requireSize(int features) {
    if (size() != features) {
      throw new IllegalArgumentException(
          "inputShape is [%s, %s, %s], which is %s values, but a row has %s features."
              .formatted(channels, height, width, size(), features));
    }
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
