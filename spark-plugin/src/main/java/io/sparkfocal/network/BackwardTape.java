package io.sparkfocal.network;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import io.sparkfocal.losses.Autograd;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * The cuts that layers made in the autograd graph of one step, in the order of the forward pass.
 *
 * <p>DJL has no way to define the gradient of an operation. A layer that must define its own (batch
 * norm over all ranks needs a sum over the ranks in the backward pass) cuts the graph: it detaches
 * its output and records here how the gradient of the output becomes the gradient of the input.
 * {@link #backward} then runs autograd piece by piece, last piece first. Branches are allowed:
 * every use of a cut's output lies in later pieces, which are done before it.
 */
public final class BackwardTape {

  /** Turns the gradient of a piece's output into that of its input. */
  @FunctionalInterface
  interface InputGradient {
    NDArray of(NDArray outputGradient);
  }

  /** What a layer computed without autograd, and its gradient. */
  record Piece(NDArray output, InputGradient gradient) {}

  private record Cut(NDArray input, Piece piece) {}

  private record Leaf(NDArray output, Consumer<NDArray> gradient) {}

  private final List<Leaf> leaves = new ArrayList<>();
  private final List<Cut> cuts = new ArrayList<>();
  private final List<Runnable> updates = new ArrayList<>();

  BackwardTape() {}

  void clear() {
    leaves.clear();
    cuts.clear();
    updates.clear();
  }

  /**
   * Cuts the graph after {@code input}.
   *
   * @param layer is given the input, detached and as float32, and runs without autograd
   * @return the layer's output, a leaf that requires gradients
   */
  NDArray cut(NDArray input, Function<NDArray, Piece> layer) {
    // DJL cannot tell whether an input has a graph, and libtorch refuses to walk one without: so
    // give it one. A sum with float32 is float32, and its gradient has the type of the input.
    NDArray anchor = input.getManager().zeros(new Shape(1));
    anchor.setRequiresGradient(true);
    NDArray anchored = input.add(anchor);
    Piece piece = Autograd.unrecorded(() -> layer.apply(anchored.stopGradient()));
    piece.output().setRequiresGradient(true);
    cuts.add(new Cut(anchored, piece));
    return piece.output();
  }

  /**
   * Begins the graph with what a layer computed without autograd from the input of the network.
   *
   * @param output kept until the backward pass is over
   * @param gradient is given the gradient of the output then
   * @return the output for the next layer, which may free it
   */
  NDArray leaf(NDArray output, Consumer<NDArray> gradient) {
    output.setRequiresGradient(true);
    leaves.add(new Leaf(output, gradient));
    return output.reshape(output.getShape());
  }

  /**
   * Adds to the gradients of all leaves, given the gradient of the logits.
   *
   * @param logits output of the network
   * @param logitsGradient same shape
   */
  public void backward(NDArray logits, NDArray logitsGradient) {
    backwardPiece(logits, logitsGradient, !cuts.isEmpty());
    for (int i = cuts.size() - 1; i >= 0; i--) {
      Cut cut = cuts.get(i);
      NDArray outputGradient = cut.piece().output().getGradient();
      backwardPiece(cut.input(), cut.piece().gradient().of(outputGradient), i > 0);
    }
    leaves.forEach(leaf -> leaf.gradient().accept(leaf.output().getGradient()));
    updates.forEach(Runnable::run);
    clear();
  }

  /**
   * Runs {@code update} when the backward pass is over.
   *
   * <p>All parameters share one tensor: autograd refuses to go back over weights if a running
   * statistic beside them has changed since the forward pass.
   */
  void afterBackward(Runnable update) {
    updates.add(update);
  }

  /** A piece that another cut shares with this one is walked again, so its graph must be kept. */
  private static void backwardPiece(NDArray output, NDArray gradient, boolean keepGraph) {
    Autograd.backward(output, gradient, keepGraph);
  }
}
