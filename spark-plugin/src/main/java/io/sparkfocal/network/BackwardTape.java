package io.sparkfocal.network;

import ai.djl.ndarray.NDArray;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.JniUtils;
import java.util.ArrayList;
import java.util.List;

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

  /** Turns the gradient of a cut's output into that of its input. */
  @FunctionalInterface
  interface InputGradient {
    NDArray of(NDArray outputGradient);
  }

  private record Cut(NDArray input, NDArray output, InputGradient gradient) {}

  private final List<Cut> cuts = new ArrayList<>();

  BackwardTape() {}

  void clear() {
    cuts.clear();
  }

  /** Cuts the graph between {@code input} and {@code output}, a leaf that requires gradients. */
  void cut(NDArray input, NDArray output, InputGradient gradient) {
    cuts.add(new Cut(input, output, gradient));
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
      NDArray inputGradient = cut.gradient().of(cut.output().getGradient());
      if (cut.input().hasGradient()) {
        backwardPiece(cut.input(), inputGradient, i > 0);
      }
    }
    cuts.clear();
  }

  /** A piece that another cut shares with this one is walked again, so its graph must be kept. */
  private static void backwardPiece(NDArray output, NDArray gradient, boolean keepGraph) {
    JniUtils.backward((PtNDArray) output, (PtNDArray) gradient, keepGraph, false);
  }
}
