package io.sparkfocal.network;

import ai.djl.ndarray.NDArray;
import ai.djl.nn.Block;
import ai.djl.nn.Parameter;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A network that computes with tensors which PyTorch holds: its parameters cannot be exchanged, but
 * their values can be moved.
 */
public interface TensorHolder {

  /**
   * Lets a parameter have its values in another place from now on.
   *
   * @param parameter one of this network's own
   * @param place shape of the parameter, contiguous, on its device; has the values already
   * @return all tensors that the network computes with as this parameter, which are leaves of
   *     autograd: several for a tied weight
   */
  List<NDArray> move(Parameter parameter, NDArray place);

  /** What the learning rate of one of this network's own parameters is multiplied by. */
  double rateFactor(Parameter parameter);

  /** Who holds the parameters of a network and of what it is made of; others are held by nobody. */
  static Map<Parameter, TensorHolder> of(Block network) {
    Map<Parameter, TensorHolder> holders = new HashMap<>();
    add(network, holders);
    return holders;
  }

  private static void add(Block block, Map<Parameter, TensorHolder> holders) {
    if (block instanceof TensorHolder holder) {
      block.getDirectParameters().values().forEach(p -> holders.put(p, holder));
    }
    block.getChildren().values().forEach(child -> add(child, holders));
  }
}
