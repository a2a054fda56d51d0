package io.sparkfocal.ml;

import java.io.Serializable;
import org.apache.spark.ml.param.BooleanParam;
import org.apache.spark.ml.param.IntArrayParam;
import org.apache.spark.ml.param.IntParam;
import org.apache.spark.ml.param.Params;

/**
 * Rows that are images, or have another shape.
 *
 * @param <S> who has the params, returned by the setters
 */
public interface ImageParams<S extends ImageParams<S>> extends Chained<S> {

  /** The holder of the params below. */
  Holder imageParams();

  /**
   * Param: shape in which a network takes a row, without the batch: channels, height and width for
   * cnn and resnet18, and of columns with images, which are brought to that size; empty for a
   * vector of the features (default empty).
   */
  default IntArrayParam inputShape() {
    return imageParams().inputShape;
  }

  /**
   * Param: whether images of inputShape are turned left to right, at random, in half of the rows of
   * each training batch (default false).
   */
  default BooleanParam randomHorizontalFlip() {
    return imageParams().randomHorizontalFlip;
  }

  /**
   * Param: by how many pixels at most images of inputShape are moved at random, in both directions,
   * in training batches: a crop of the image with as many pixels of 0 around it, once it is
   * standardized (default 0).
   */
  default IntParam randomCropPadding() {
    return imageParams().randomCropPadding;
  }

  /** Value of {@link #inputShape}. */
  default int[] getInputShape() {
    return getOrDefault(inputShape());
  }

  /** Value of {@link #randomHorizontalFlip}. */
  default boolean getRandomHorizontalFlip() {
    return (boolean) getOrDefault(randomHorizontalFlip());
  }

  /** Value of {@link #randomCropPadding}. */
  default int getRandomCropPadding() {
    return (int) getOrDefault(randomCropPadding());
  }

  /** Sets {@link #inputShape}. */
  default S setInputShape(int... value) {
    return chained(inputShape(), value);
  }

  /** Sets {@link #randomHorizontalFlip}. */
  default S setRandomHorizontalFlip(boolean value) {
    return chained(randomHorizontalFlip(), value);
  }

  /** Sets {@link #randomCropPadding}. */
  default S setRandomCropPadding(int value) {
    return chained(randomCropPadding(), value);
  }

  /** The params themselves; one holder per owner. */
  final class Holder implements Serializable {

    private static final long serialVersionUID = 1L;

    final IntArrayParam inputShape;
    final BooleanParam randomHorizontalFlip;
    final IntParam randomCropPadding;

    Holder(Params owner) {
      inputShape =
          new IntArrayParam(
              owner,
              "inputShape",
              "shape in which a network takes a row, without the batch: channels, height and width for cnn and resnet18 and for columns with images; empty for a vector",
              ParamCheck.widths("inputShape"));
      owner.setDefault(inputShape, new int[0]);
      randomHorizontalFlip =
          new BooleanParam(
              owner,
              "randomHorizontalFlip",
              "whether images are turned left to right, at random, in half of the rows of each training batch");
      owner.setDefault(randomHorizontalFlip, false);
      randomCropPadding =
          new IntParam(
              owner,
              "randomCropPadding",
              "by how many pixels at most images are moved at random in training batches",
              ParamCheck.atLeast("randomCropPadding", 0));
      owner.setDefault(randomCropPadding, 0);
    }
  }
}
