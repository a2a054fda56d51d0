package io.sparkfocal.network;

import ai.djl.nn.Block;
import java.util.Map;

/**
 * Builds the network that is trained, on every rank and again wherever the model is loaded.
 *
 * <p>Implementations are public, have a public constructor without arguments and keep no state: the
 * model file holds the class name and the arguments, and rebuilds the network from them. The
 * returned block is not initialised; its parameters are given values by the training loop, from the
 * seed if they are of type {@code WEIGHT}; the others keep their own initializer, which must not
 * draw random numbers. Values that a {@code WEIGHT} has already, as those of a pretrained network,
 * are overwritten unless {@link #keepsValues} says otherwise. A parameter that two layers share
 * (tied weights) is not supported.
 *
 * <p>Dropout and batch norm must come from {@link Layers}; DJL's own draw from a generator of the
 * whole JVM and see the rows of one rank only.
 *
 * <p>A sequence of layers is best a {@link SequentialBlock} of this package, also within other
 * blocks: it frees the output of a layer as soon as the next layer has taken it, where DJL's keeps
 * the outputs of all layers until a batch is over. Validation and scoring take as many rows at once
 * as that allows.
 *
 * <p>Where a training asks for float16, input and trained parameters are float16; a constant that a
 * layer makes for itself has to take the type of its input.
 */
public interface NetworkProvider {

  /**
   * Builds a network for rows of {@code features} floats.
   *
   * @param features width of the input, which has shape (B, features)
   * @param outputs width of the logits, which must have shape (B, outputs)
   * @param arguments what the user gave, by name
   * @param layers makes the layers that need the training run
   * @throws IllegalArgumentException if an argument is missing or out of range, as one sentence
   */
  Block create(int features, int outputs, Map<String, String> arguments, Layers layers);

  /**
   * Whether parameters that have values when {@link #create} returns begin with these, as those of
   * a pretrained network; the values must be the same on every rank.
   */
  default boolean keepsValues() {
    return false;
  }
}
