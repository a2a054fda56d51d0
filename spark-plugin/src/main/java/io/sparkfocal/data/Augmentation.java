package io.sparkfocal.data;

import io.sparkfocal.network.CounterRandom;
import io.sparkfocal.network.ImageShape;
import io.sparkfocal.train.Shuffle;
import java.io.Serializable;
import java.util.Arrays;

/**
 * What is done at random to the images of training batches: torchvision's {@code
 * RandomHorizontalFlip} and {@code RandomCrop} with padding, of images as the network takes them,
 * so that what is padded is 0.
 *
 * @param shape of an image
 * @param flips whether half of them are turned left to right
 * @param padding by how many pixels, at most, they are moved up, down, left and right
 */
public record Augmentation(ImageShape shape, boolean flips, int padding) implements Serializable {

  /** Nothing at all. */
  public static final Augmentation NONE = new Augmentation(new ImageShape(1, 1, 1), false, 0);

  /** Whether nothing is done. */
  public boolean isNone() {
    return !flips && padding == 0;
  }

  /** Applies it to images of one epoch of one rank, one after the other; used by one thread. */
  Images images(Shuffle shuffle) {
    return new Images(shuffle);
  }

  /** Images in the order in which an epoch has them. */
  final class Images {

    private final Shuffle shuffle;
    private final float[] changed = new float[shape.size()];

    private Images(Shuffle shuffle) {
      this.shuffle = shuffle;
    }

    /**
     * Changes an image by random numbers that depend on seed, epoch, rank and place alone.
     *
     * @param place of the row in the epoch
     * @return good until the next call
     */
    float[] changed(float[] image, long place) {
      CounterRandom random = shuffle.ofRow(place);
      boolean turned = flips && random.nextInt(2) == 1;
      int down = random.nextInt(2 * padding + 1) - padding;
      int right = random.nextInt(2 * padding + 1) - padding;
      int height = shape.height();
      int width = shape.width();
      Arrays.fill(changed, 0);
      for (int line = 0; line < shape.channels() * height; line++) {
        int y = line % height + down;
        if (y < 0 || y >= height) {
          continue;
        }
        for (int x = Math.max(0, -right); x < Math.min(width, width - right); x++) {
          int from = x + right;
          changed[line * width + x] =
              image[(line + down) * width + (turned ? width - 1 - from : from)];
        }
      }
      return changed;
    }
  }
}
