package io.sparkfocal.network;

import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import ai.djl.nn.LambdaBlock;
import ai.djl.nn.ParallelBlock;
import java.util.Arrays;

/**
 * How much memory the outputs of a network's layers take at once in a forward pass without
 * autograd, found from shapes alone.
 *
 * <p>Of a {@link SequentialBlock} that is the largest input and output of one of its blocks, of
 * DJL's sequence the sum of all. Of other blocks it is taken to be what their children need, all at
 * once. What an operation needs within itself is not counted.
 */
public final class ActivationBytes {

  /** Within a function, which may have as many arrays beside its output. */
  private static final int FUNCTION = 2;

  private ActivationBytes() {}

  /**
   * Bytes of one row, the output included and the input not.
   *
   * @param network one that is initialised
   */
  public static long perRow(Block network) {
    return of(network, network.getInputShapes());
  }

  private static long of(Block block, Shape[] inputs) {
    if (block instanceof ai.djl.nn.SequentialBlock sequence) {
      return ofSequence(sequence, inputs);
    }
    if (block instanceof SizedBlock sized) {
      return sized.bytesPerRow();
    }
    long own = bytes(block.getOutputShapes(inputs));
    if (block instanceof ParallelBlock) {
      return FUNCTION * own
          + block.getChildren().values().stream().mapToLong(child -> of(child, inputs)).sum();
    }
    if (block instanceof LambdaBlock) {
      return FUNCTION * own;
    }
    return own
        + block.getChildren().values().stream()
            .filter(child -> child.getInputShapes() != null)
            .mapToLong(child -> of(child, child.getInputShapes()))
            .sum();
  }

  private static long ofSequence(ai.djl.nn.SequentialBlock sequence, Shape[] inputs) {
    boolean frees = sequence instanceof SequentialBlock own && own.frees();
    long most = 0;
    long held = 0;
    long taken = 0;
    Shape[] current = inputs;
    for (Block block : sequence.getChildren().values()) {
      long needed = of(block, current);
      current = block.getOutputShapes(current);
      most = Math.max(most, held + taken + needed);
      if (frees) {
        // Of several arrays none is freed.
        taken = current.length == 1 ? bytes(current) : 0;
        held += current.length == 1 ? 0 : bytes(current);
      } else {
        held += needed;
      }
    }
    return most;
  }

  private static long bytes(Shape[] shapes) {
    return Arrays.stream(shapes).mapToLong(Shape::size).sum() * Float.BYTES;
  }
}
