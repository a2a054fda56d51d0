package io.sparkfocal.losses;

import ai.djl.ndarray.NDArray;

/** Evaluates a loss on one device, without reading anything back to the host; for one thread. */
public interface LossKernel {

  /**
   * Value and gradient of every row, in one pass; builds no autograd graph.
   *
   * <p>B may be 0 or 1. Results are attached to the logits' manager, and to the current {@code
   * NDScope} if there is one; intermediate tensors are closed before return.
   *
   * @param logits shape (B, C), of the type and on the device that the kernel was prepared for; may
   *     be part of a graph
   * @param labels int64, shape (B) or (B, 1), from 0 to below C (or 0 and 1 for a single logit);
   *     not checked, since that would need a host read
   * @throws IllegalArgumentException if the shapes do not fit the loss
   */
  RowLosses evaluate(NDArray logits, NDArray labels);
}
