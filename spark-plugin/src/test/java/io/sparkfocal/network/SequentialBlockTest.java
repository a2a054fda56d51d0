package io.sparkfocal.network;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.AbstractBlock;
import ai.djl.nn.Activation;
import ai.djl.nn.Block;
import ai.djl.nn.Blocks;
import ai.djl.nn.LambdaBlock;
import ai.djl.nn.ParallelBlock;
import ai.djl.nn.core.Linear;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.training.ParameterStore;
import ai.djl.training.initializer.Initializer;
import ai.djl.util.PairList;
import io.sparkfocal.collective.TensorCollective;
import io.sparkfocal.collective.local.SoloCollective;
import io.sparkfocal.losses.Autograd;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SequentialBlockTest {

  /** Adds 1, and looks which of the arrays that came to such layers before are still there. */
  private static final class Probe extends AbstractBlock {

    private final List<NDArray> seen;
    private final List<Long> open;

    Probe(List<NDArray> seen, List<Long> open) {
      this.seen = seen;
      this.open = open;
    }

    @Override
    protected NDList forwardInternal(
        ParameterStore parameters,
        NDList inputs,
        boolean training,
        PairList<String, Object> params) {
      seen.add(inputs.singletonOrThrow());
      open.add(seen.stream().filter(array -> !((PtNDArray) array).isReleased()).count());
      return new NDList(inputs.singletonOrThrow().add(1));
    }

    @Override
    public Shape[] getOutputShapes(Shape[] inputShapes) {
      return inputShapes;
    }
  }

  private static NDList forward(Block block, boolean training, NDManager manager, NDArray... in) {
    ParameterStore store = new ParameterStore(manager, false);
    Supplier<NDList> work = () -> block.forward(store, new NDList(in), training);
    return training ? Autograd.recorded(work) : Autograd.unrecorded(work);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void anOutputIsFreedAsSoonAsTheNextBlockHasTakenIt(boolean training) {
    List<NDArray> seen = new ArrayList<>();
    List<Long> open = new ArrayList<>();
    SequentialBlock blocks = new SequentialBlock();
    for (int i = 0; i < 6; i++) {
      blocks.add(new Probe(seen, open));
    }
    try (NDManager manager = NDManager.newBaseManager("PyTorch");
        NDScope scope = new NDScope()) {
      scope.suppressNotUsedWarning();
      NDArray input = manager.zeros(new Shape(2, 3));
      NDArray output = forward(blocks, training, manager, input).singletonOrThrow();
      // The input of the sequence, and that of the block itself.
      assertThat(open).containsExactly(1L, 2L, 2L, 2L, 2L, 2L);
      assertThat(output.toFloatArray()).containsOnly(6);
      assertThat(input.toFloatArray()).containsOnly(0);
    }
  }

  /** Fails where the layers are in DJL's own sequence. */
  @Test
  void thePerceptronKeepsNothingButItsLogits() {
    try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
      Block network =
          new MlpNetwork()
              .create(
                  3,
                  2,
                  MlpNetwork.arguments(new int[] {8, 8, 8, 8}, 0.5, true),
                  Layers.forInference());
      network.initialize(manager, DataType.FLOAT32, new Shape(1, 3));
      NDArray input = manager.ones(new Shape(5, 3));
      int before = manager.getManagedArrays().size();
      NDArray logits = forward(network, false, manager, input).singletonOrThrow();
      assertThat(manager.getManagedArrays()).hasSize(before + 1).contains(logits, input);
    }
  }

  @Test
  void whatPassesThroughUnchangedStays() {
    Block twice = new SequentialBlock().add(Blocks.identityBlock()).add(Blocks.identityBlock());
    Block dropout = new SequentialBlock().add(Layers.forInference().dropout(0.5));
    Block shortcut =
        new ParallelBlock(
                lists ->
                    new NDList(
                        lists.get(0).singletonOrThrow().add(lists.get(1).singletonOrThrow())))
            .add(new SequentialBlock().add(Activation.reluBlock()).add(Activation.reluBlock()))
            .add(new SequentialBlock().add(Blocks.identityBlock()));
    try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
      NDArray input = manager.ones(new Shape(2, 3));
      Block all =
          new SequentialBlock()
              .add(twice)
              .add(dropout)
              .add(shortcut)
              .add(Blocks.identityBlock())
              .add(shortcut);
      NDArray output = forward(all, false, manager, input).singletonOrThrow();
      assertThat(output.toFloatArray()).containsOnly(4);
      assertThat(input.toFloatArray()).containsOnly(1);
      assertThat(forward(twice, false, manager, input).singletonOrThrow()).isSameAs(input);
    }
  }

  private static Block residual(Block branch) {
    return new ParallelBlock(
            lists ->
                new NDList(lists.get(0).singletonOrThrow().add(lists.get(1).singletonOrThrow())))
        .add(branch)
        .add(Blocks.identityBlock());
  }

  /** What branches return, and what a function makes on its way; x becomes 4 x + 2 in each. */
  @Test
  void outsideTrainingNothingStaysOfWhatABlockMakesWithin() {
    SequentialBlock network = new SequentialBlock();
    List<Integer> arrays = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      network
          .add(residual(new SequentialBlock().add(Activation.reluBlock())))
          .add(new LambdaBlock(list -> new NDList(list.singletonOrThrow().add(1).mul(2))))
          .add(
              new LambdaBlock(
                  list -> {
                    NDManager manager = list.singletonOrThrow().getManager();
                    arrays.add(manager.getManagedArrays().size());
                    return list;
                  }));
    }
    try (NDManager manager = NDManager.newBaseManager("PyTorch");
        NDScope scope = new NDScope()) {
      scope.suppressNotUsedWarning();
      NDArray input = manager.zeros(new Shape(2, 3));
      int before = manager.getManagedArrays().size();
      NDArray output = forward(network, false, manager, input).singletonOrThrow();
      assertThat(arrays).hasSize(6).containsOnly(before + 1);
      assertThat(manager.getManagedArrays()).hasSize(before + 1).contains(input, output);
      assertThat(output.toFloatArray()).containsOnly(2730);
    }
  }

  @Test
  void theOutputBelongsToTheScopeOfTheCaller() {
    SequentialBlock network = new SequentialBlock().add(residual(Activation.reluBlock()));
    try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
      NDArray input = manager.zeros(new Shape(2, 3));
      NDArray output;
      try (NDScope scope = new NDScope()) {
        scope.suppressNotUsedWarning();
        output = forward(network, false, manager, input).singletonOrThrow();
      }
      assertThat(((PtNDArray) output).isReleased()).isTrue();
      assertThat(((PtNDArray) input).isReleased()).isFalse();
    }
  }

  /** An output that a block has had before, as a constant, stays its own. */
  @Test
  void whatABlockKeepsAndReturnsIsThereInTheNextBatch() {
    try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
      NDArray kept = manager.full(new Shape(2, 3), 5f);
      Block network =
          new SequentialBlock()
              .add(new LambdaBlock(list -> new NDList(kept)))
              .add(Activation.reluBlock());
      for (int i = 0; i < 2; i++) {
        try (NDScope scope = new NDScope()) {
          scope.suppressNotUsedWarning();
          NDArray output =
              forward(network, false, manager, manager.ones(new Shape(2, 3))).singletonOrThrow();
          assertThat(output.toFloatArray()).containsOnly(5);
        }
      }
    }
  }

  /** One of several may be an array that the block keeps, as a mask. */
  @Test
  void nothingIsFreedOfABlockThatReturnsSeveralArrays() {
    try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
      NDArray kept = manager.full(new Shape(2, 3), 5f);
      Block network =
          new SequentialBlock()
              .add(new LambdaBlock(list -> new NDList(list.get(0).add(1), kept)))
              .add(new LambdaBlock(list -> new NDList(list.get(0).add(list.get(1)))));
      NDArray input = manager.ones(new Shape(2, 3));
      for (int i = 0; i < 2; i++) {
        NDArray output = forward(network, false, manager, input).singletonOrThrow();
        assertThat(output.toFloatArray()).containsOnly(7);
      }
    }
  }

  @Test
  void outputsThatAreAllAskedForAreAllThere() {
    SequentialBlock network =
        new SequentialBlock().add(Activation.reluBlock()).add(Activation.reluBlock());
    network.setReturnIntermediate(true);
    try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
      NDList outputs = forward(network, false, manager, manager.ones(new Shape(2, 3)));
      assertThat(outputs).hasSize(2);
      assertThat(outputs.get(0).toFloatArray()).containsOnly(1);
    }
  }

  private static ai.djl.nn.SequentialBlock filled(
      ai.djl.nn.SequentialBlock outer, ai.djl.nn.SequentialBlock inner, Layers layers) {
    Block residual =
        new ParallelBlock(
                lists ->
                    new NDList(
                        lists.get(0).singletonOrThrow().add(lists.get(1).singletonOrThrow())))
            .add(inner.add(Linear.builder().setUnits(7).build()).add(layers.batchNorm()))
            .add(Blocks.identityBlock());
    return outer
        .add(Linear.builder().setUnits(7).build())
        .add(layers.batchNorm())
        .add(Activation.reluBlock())
        .add(layers.dropout(0.4))
        .add(residual)
        .add(Linear.builder().setUnits(2).build());
  }

  /** Names of parameters, which are in model files, and all gradients of a step. */
  @Test
  void namesAndGradientsAreThoseOfDjlsSequence() {
    try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
      List<Map<String, List<Float>>> gradients = new ArrayList<>();
      for (boolean own : new boolean[] {true, false}) {
        RankStep step = new RankStep(1, new TensorCollective(new SoloCollective()));
        step.begin(3);
        Block network =
            own
                ? filled(new SequentialBlock(), new SequentialBlock(), new Layers(step))
                : filled(
                    new ai.djl.nn.SequentialBlock(),
                    new ai.djl.nn.SequentialBlock(),
                    new Layers(step));
        network.setInitializer(Initializer.ONES, parameter -> true);
        network.initialize(manager, DataType.FLOAT32, new Shape(1, 4));
        network
            .getParameters()
            .values()
            .forEach(p -> p.getArray().setRequiresGradient(p.requiresGradient()));
        NDArray input = manager.arange(24f).sin().reshape(6, 4);
        NDArray output = forward(network, true, manager, input).singletonOrThrow();
        step.tape().backward(output, manager.arange(12f).cos().reshape(6, 2));
        Map<String, List<Float>> found = new TreeMap<>();
        network
            .getParameters()
            .forEach(
                named -> {
                  if (named.getValue().requiresGradient()) {
                    List<Float> values = new ArrayList<>();
                    for (float value : named.getValue().getArray().getGradient().toFloatArray()) {
                      values.add(value);
                    }
                    found.put(named.getKey(), values);
                  }
                });
        gradients.add(found);
      }
      assertThat(gradients.get(0)).hasSize(10).isEqualTo(gradients.get(1));
      assertThat(gradients.get(0)).containsKey("05ParallelBlock_01SequentialBlock_01Linear_weight");
    }
  }
}
