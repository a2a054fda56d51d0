package io.sparkfocal.network;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.nn.Block;
import ai.djl.training.ParameterStore;
import ai.djl.util.PairList;
import org.jspecify.annotations.Nullable;

/**
 * DJL's sequence of blocks, which frees the output of a block as soon as the next block has taken
 * it, as PyTorch does. DJL keeps all of them until the step or the batch is over.
 *
 * <p>Autograd keeps what the backward pass needs of them. The input of the sequence belongs to the
 * caller and is not freed, also where a block returns it as its output, and nothing is freed of a
 * block that returns several arrays. A block in the sequence must not keep the array that it was
 * given or returns for a later block; {@code duplicate()} or a view of it, such as {@code reshape},
 * may be kept. Blocks that do otherwise go into DJL's own sequence.
 *
 * <p>It has the name of DJL's class since DJL makes the names of parameters from names of classes:
 * a network that changes its import keeps reading the models that it has written.
 */
public final class SequentialBlock extends ai.djl.nn.SequentialBlock {

  /** An empty sequence. */
  public SequentialBlock() {}

  /** Adds a block at the end. */
  @Override
  public SequentialBlock add(Block block) {
    super.add(block);
    return this;
  }

  /** Whether outputs are freed, which they are not where all of them are returned. */
  boolean frees() {
    return !isReturnIntermediate();
  }

  @Override
  protected NDList forwardInternal(
      ParameterStore parameters,
      NDList inputs,
      boolean training,
      @Nullable PairList<String, Object> params) {
    if (!frees()) {
      return super.forwardInternal(parameters, inputs, training, params);
    }
    NDList current = inputs;
    for (Block block : children.values()) {
      NDList next = block.forward(parameters, current, training);
      if (current.size() == 1
          && !contains(inputs, current.get(0))
          && !contains(next, current.get(0))) {
        current.get(0).close();
      }
      current = next;
    }
    return current;
  }

  private static boolean contains(NDList list, NDArray array) {
    for (NDArray other : list) {
      if (other == array) {
        return true;
      }
    }
    return false;
  }
}
