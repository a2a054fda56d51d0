package io.sparkfocal.network;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.AbstractBlock;
import ai.djl.nn.Activation;
import ai.djl.nn.Block;
import ai.djl.nn.Blocks;
import ai.djl.nn.ParallelBlock;
import ai.djl.nn.convolutional.Conv2d;
import ai.djl.nn.core.Linear;
import ai.djl.training.ParameterStore;
import ai.djl.util.PairList;
import org.junit.jupiter.api.Test;

class ActivationBytesTest {

  private static Block linear(int units) {
    return Linear.builder().setUnits(units).build();
  }

  private static long values(Block network, Shape input) {
    try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
      network.initialize(manager, DataType.FLOAT32, input);
      return ActivationBytes.perRow(network) / Float.BYTES;
    }
  }

  private static ai.djl.nn.SequentialBlock layers(ai.djl.nn.SequentialBlock into) {
    return into.add(linear(100)).add(linear(50)).add(linear(70)).add(linear(3));
  }

  @Test
  void ofASequenceThatFreesItIsTheLargestInputAndOutput() {
    assertThat(values(layers(new SequentialBlock()), new Shape(1, 9))).isEqualTo(100 + 50);
    assertThat(values(new SequentialBlock().add(linear(5)), new Shape(1, 9))).isEqualTo(5);
  }

  @Test
  void ofDjlsSequenceItIsTheSum() {
    assertThat(values(layers(new ai.djl.nn.SequentialBlock()), new Shape(1, 9)))
        .isEqualTo(100 + 50 + 70 + 3);
    SequentialBlock all = new SequentialBlock();
    all.setReturnIntermediate(true);
    assertThat(values(layers(all), new Shape(1, 9))).isEqualTo(100 + 50 + 70 + 3);
  }

  @Test
  void ofThePerceptronItIsThatOfTheWidestLayers() {
    Block network =
        new MlpNetwork()
            .create(
                9, 2, MlpNetwork.arguments(new int[] {40, 60}, 0.5, true), Layers.forInference());
    // ReLU is a function: its input, its output, and one more.
    assertThat(values(network, new Shape(1, 9))).isEqualTo(3 * 60);
  }

  @Test
  void branchesAreCountedTogether() {
    Block branches =
        new ParallelBlock(
                lists ->
                    new NDList(
                        lists.get(0).singletonOrThrow().add(lists.get(1).singletonOrThrow())))
            .add(new SequentialBlock().add(linear(80)).add(linear(10)))
            .add(linear(10));
    Block network = new SequentialBlock().add(linear(30)).add(branches).add(linear(2));
    assertThat(values(network, new Shape(1, 9))).isEqualTo(30 + (80 + 10) + 10 + 2 * 10);
  }

  @Test
  void imagesCountByTheirPlaces() {
    Block network =
        new SequentialBlock()
            .add(Conv2d.builder().setKernelShape(new Shape(3, 3)).setFilters(4).build())
            .add(Activation.reluBlock())
            .add(Blocks.batchFlattenBlock())
            .add(linear(2));
    assertThat(values(network, new Shape(1, 3, 10, 10))).isEqualTo(3 * 4 * 8 * 8);
  }

  /** A block that nothing is known of but its children. */
  private static final class Composed extends AbstractBlock {

    private final Block first = addChildBlock("first", linear(40));
    private final Block second = addChildBlock("second", linear(20));

    @Override
    protected NDList forwardInternal(
        ParameterStore parameters,
        NDList inputs,
        boolean training,
        PairList<String, Object> params) {
      return second.forward(parameters, first.forward(parameters, inputs, training), training);
    }

    @Override
    protected void initializeChildBlocks(NDManager manager, DataType type, Shape... shapes) {
      first.initialize(manager, type, shapes);
      second.initialize(manager, type, first.getOutputShapes(shapes));
    }

    @Override
    public Shape[] getOutputShapes(Shape[] inputShapes) {
      return second.getOutputShapes(first.getOutputShapes(inputShapes));
    }
  }

  @Test
  void ofOtherBlocksTheOutputsOfAllChildrenAreThereAtOnce() {
    assertThat(values(new Composed(), new Shape(1, 9))).isEqualTo(40 + 20 + 20);
  }
}
