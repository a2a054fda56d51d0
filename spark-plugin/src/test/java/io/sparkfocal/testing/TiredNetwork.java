package io.sparkfocal.testing;

import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.AbstractBlock;
import ai.djl.nn.Block;
import ai.djl.nn.SequentialBlock;
import ai.djl.training.ParameterStore;
import ai.djl.util.PairList;
import io.sparkfocal.network.Layers;
import io.sparkfocal.network.MlpNetwork;
import io.sparkfocal.network.NetworkProvider;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A network that validates so many batches and then fails. */
public final class TiredNetwork implements NetworkProvider {

  /** Made by name. */
  public TiredNetwork() {}

  @Override
  public Block create(int features, int outputs, Map<String, String> arguments, Layers layers) {
    return new SequentialBlock()
        .add(new Tired(Integer.parseInt(arguments.get("batches"))))
        .add(
            new MlpNetwork()
                .create(features, outputs, MlpNetwork.arguments(new int[] {8}, 0, false), layers));
  }

  private static final class Tired extends AbstractBlock {

    private int left;

    Tired(int batches) {
      this.left = batches;
    }

    @Override
    protected NDList forwardInternal(
        ParameterStore store,
        NDList inputs,
        boolean training,
        @Nullable PairList<String, Object> params) {
      if (!training && left-- == 0) {
        throw new IllegalStateException("It is tired.");
      }
      return new NDList(inputs.singletonOrThrow().mul(1));
    }

    @Override
    public Shape[] getOutputShapes(Shape[] inputShapes) {
      return inputShapes;
    }
  }
}
