package io.sparkfocal.network;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDScope;
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
 * block that returns several arrays. Outside training whatever else a block makes is freed at its
 * end, and so is what the branches of a residual block leave. A block in the sequence must not keep
 * an array for a later block. Blocks that do so go into DJL's own sequence.
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

  /**
   * Whether its input may be three arrays on the host in place of one of shape (b, F): values,
   * starts of rows and columns of the non-zeros, in compressed rows. Its first block says so.
   */
  public boolean takesNonZeros() {
    return !children.isEmpty() && children.valueAt(0) instanceof Linear;
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
      NDList next =
          training
              ? block.forward(parameters, current, true)
              : outputsAlone(block, parameters, current);
      if (current.size() == 1
          && !contains(inputs, current.get(0))
          && !contains(next, current.get(0))) {
        current.get(0).close();
      }
      current = next;
    }
    return current;
  }

  /** What the block makes beside its outputs is freed. */
  private static NDList outputsAlone(Block block, ParameterStore parameters, NDList inputs) {
    NDList outputs = new NDList();
    NDList views = new NDList();
    try (NDScope scope = new NDScope()) {
      scope.suppressNotUsedWarning();
      for (NDArray output : block.forward(parameters, inputs, false)) {
        if (contains(inputs, output)) {
          outputs.add(output);
          continue;
        }
        // The array itself may be one that the block has had before, and keeps.
        NDArray view = output.reshape(output.getShape());
        view.setName(output.getName());
        views.add(view);
        outputs.add(view);
      }
      NDScope.unregister(views);
    }
    // A scope of the caller owns what is made inside it, as with any other operation.
    views.forEach(NDScope::register);
    return outputs;
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
