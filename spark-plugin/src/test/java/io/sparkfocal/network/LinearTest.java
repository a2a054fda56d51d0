package io.sparkfocal.network;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import ai.djl.training.ParameterStore;
import io.sparkfocal.collective.TensorCollective;
import io.sparkfocal.collective.local.SoloCollective;
import io.sparkfocal.losses.Autograd;
import io.sparkfocal.train.FlatParameters;
import io.sparkfocal.train.ParameterSlice;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The first layer of the default network, with rows that are given by their non-zeros. */
class LinearTest {

  private static final int WIDTH = 11;
  private static final int ROWS = 4;

  /** Rows of 0, 3, 1 and 2 non-zeros behind two values of others. */
  private static final int[] STARTS = {2, 2, 5, 6, 8};

  private static final int[] COLUMNS = {9, 0, 10, 2, 7, 2, 0, 7};
  private static final float[] VALUES = {50, 60, 1.5f, -2, 0.25f, 3, -1, 4};

  private static float[] denseRows() {
    float[] dense = new float[ROWS * WIDTH];
    for (int row = 0; row < ROWS; row++) {
      for (int i = STARTS[row]; i < STARTS[row + 1]; i++) {
        dense[row * WIDTH + COLUMNS[i]] = VALUES[i];
      }
    }
    return dense;
  }

  private static NDList nonZeros(NDManager manager, int[] columns, float[] values) {
    return new NDList(manager.create(values), manager.create(STARTS), manager.create(columns));
  }

  private static RankStep step() {
    return new RankStep(1, new TensorCollective(new SoloCollective()));
  }

  /** Where the parameters lie in the flat tensor. */
  private static float[] gradients(Block layer, FlatParameters parameters) {
    float[] all = new float[parameters.values().toArray().length];
    for (ParameterSlice slice : parameters.slices()) {
      float[] own = layer.getParameters().get(slice.name()).getArray().getGradient().toFloatArray();
      System.arraycopy(own, 0, all, Math.toIntExact(slice.offset()), own.length);
    }
    return all;
  }

  private record Pass(float[] outputs, float[] gradients) {}

  /** Of a layer with random weights, for an output gradient of other numbers. */
  private static Pass pass(boolean bias, boolean asNonZeros, int[] columns, float[] values) {
    try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
      RankStep step = step();
      Block layer = new SequentialBlock().add(new Layers(step).linear(5, bias));
      FlatParameters parameters = FlatParameters.of(layer, WIDTH, manager, 3);
      NDList input =
          asNonZeros
              ? nonZeros(manager, columns, values)
              : new NDList(manager.create(denseRows(), new Shape(ROWS, WIDTH)));
      step.begin(1);
      NDArray output =
          Autograd.recorded(
              () ->
                  layer
                      .forward(new ParameterStore(manager, false), input, true)
                      .singletonOrThrow());
      NDArray gradient = manager.arange((float) ROWS * 5).sin().reshape(ROWS, 5);
      step.tape().backward(output, gradient);
      return new Pass(output.toFloatArray(), gradients(layer, parameters));
    }
  }

  private static Pass pass(boolean bias, boolean asNonZeros) {
    return pass(bias, asNonZeros, COLUMNS, VALUES);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void nonZerosGiveOutputsAndGradientsOfDenseRows(boolean bias) {
    Pass dense = pass(bias, false);
    Pass sparse = pass(bias, true);
    assertThat(sparse.outputs()).containsExactly(dense.outputs(), Offset.offset(1e-5f));
    assertThat(sparse.gradients()).containsExactly(dense.gradients(), Offset.offset(1e-5f));
  }

  @Test
  void theOrderWithinARowAndZerosChangeNoBit() {
    int[] columns = COLUMNS.clone();
    float[] values = VALUES.clone();
    columns[2] = COLUMNS[4];
    values[2] = VALUES[4];
    columns[4] = COLUMNS[2];
    values[4] = VALUES[2];
    Pass sparse = pass(true, true);
    Pass turned = pass(true, true, columns, values);
    assertThat(turned.outputs()).isEqualTo(sparse.outputs());
    assertThat(turned.gradients()).isEqualTo(sparse.gradients());

    values[5] = 0;
    float[] withZero = pass(true, true, columns, values).outputs();
    columns[5] = 8;
    assertThat(pass(true, true, columns, values).outputs()).isEqualTo(withZero);
  }

  /** A loss whose gradient by the outputs is known: half the sum of squares. */
  private static double loss(float[] outputs) {
    return IntStream.range(0, outputs.length).mapToDouble(i -> 0.5 * outputs[i] * outputs[i]).sum();
  }

  @Test
  void theGradientIsThatOfCentralDifferences() {
    try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
      RankStep step = step();
      Block layer = new SequentialBlock().add(new Layers(step).linear(3, true));
      FlatParameters parameters = FlatParameters.of(layer, WIDTH, manager, 5);
      NDList input = nonZeros(manager, COLUMNS, VALUES);
      ParameterStore store = new ParameterStore(manager, false);
      step.begin(1);
      NDArray output =
          Autograd.recorded(() -> layer.forward(store, input, true).singletonOrThrow());
      step.tape().backward(output, output.stopGradient());
      float[] gradients = gradients(layer, parameters);
      float[] weights = parameters.values().toArray();
      float change = 1e-2f;
      for (int i = 0; i < weights.length; i++) {
        double[] losses = new double[2];
        for (int side = 0; side < 2; side++) {
          float[] moved = weights.clone();
          moved[i] += side == 0 ? -change : change;
          parameters.set(moved);
          losses[side] =
              loss(
                  Autograd.unrecorded(
                      () -> layer.forward(store, input, false).singletonOrThrow().toFloatArray()));
        }
        assertThat((losses[1] - losses[0]) / (2 * change))
            .as("weight %d", i)
            .isCloseTo(gradients[i], Offset.offset(2e-3 * Math.max(1, Math.abs(gradients[i]))));
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"22", "11", "25", "1000"})
  void weightsThatNoBufferHoldsAreReadInPieces(int mostValues) {
    try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
      NDArray matrix = manager.arange(5f * WIDTH).reshape(5, WIDTH);
      HostMatrix pieces = new HostMatrix(matrix, mostValues);
      int[] columns = {1, 4, 10};
      float[][] block = new float[2][5];
      pieces.get(columns, 1, 3, block);
      assertThat(block[0]).containsExactly(4, 15, 26, 37, 48);
      assertThat(block[1]).containsExactly(10, 21, 32, 43, 54);
      pieces.add(columns, 1, 3, block);
      assertThat(matrix.get(3).toFloatArray())
          .containsExactly(33, 34, 35, 36, 2 * 37, 38, 39, 40, 41, 42, 2 * 43);
    }
  }

  @Test
  void manyNonZerosAreTakenInBlocksOfColumns() {
    try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
      int width = 500;
      int units = 300;
      NDArray weights = manager.arange((float) units * width).sin().reshape(units, width);
      NDArray rows = manager.arange(3f * width).cos().reshape(3, width);
      int[] columns = IntStream.range(0, 3 * width).map(i -> i % width).toArray();
      SparseProduct product =
          new SparseProduct(
              rows.reshape(-1),
              manager.create(new int[] {0, width, 2 * width, 3 * width}),
              manager.create(columns),
              width);
      assertThat(product.times(new HostMatrix(weights)))
          .containsExactly(rows.matMul(weights.transpose()).toFloatArray(), Offset.offset(1e-3f));
      NDArray ofSums = manager.arange(3f * units).sin().reshape(3, units);
      NDArray gradients = manager.ones(new Shape(units, width));
      product.addGradient(ofSums.toFloatArray(), new HostMatrix(gradients));
      assertThat(gradients.toFloatArray())
          .containsExactly(
              ofSums.transpose().matMul(rows).add(1).toFloatArray(), Offset.offset(1e-4f));
    }
  }

  @ParameterizedTest
  @CsvSource({"'',false", "7,false", "'7,4',true"})
  void theParametersOfTheDefaultNetworkAreThoseOfDjlsLayers(String hidden, boolean batchNorm) {
    int[] widths =
        hidden.isEmpty()
            ? new int[0]
            : Arrays.stream(hidden.split(",")).mapToInt(Integer::parseInt).toArray();
    SequentialBlock djl = new SequentialBlock();
    Layers layers = Layers.forInference();
    for (int units : widths) {
      djl.add(ai.djl.nn.core.Linear.builder().setUnits(units).optBias(!batchNorm).build());
      if (batchNorm) {
        djl.add(layers.batchNorm());
      }
      djl.add(ai.djl.nn.Activation.reluBlock());
    }
    djl.add(ai.djl.nn.core.Linear.builder().setUnits(3).build());
    Block ours =
        new MlpNetwork()
            .create(WIDTH, 3, MlpNetwork.arguments(widths, 0, batchNorm), Layers.forInference());
    try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
      FlatParameters expected = FlatParameters.of(djl, WIDTH, manager, 8);
      FlatParameters actual = FlatParameters.of(ours, WIDTH, manager, 8);
      assertThat(actual.slices()).isEqualTo(expected.slices());
      assertThat(actual.values().toArray()).isEqualTo(expected.values().toArray());
      NDList rows = new NDList(manager.arange(6f * WIDTH).sin().reshape(6, WIDTH));
      ParameterStore store = new ParameterStore(manager, false);
      assertThat(ours.forward(store, rows, false).singletonOrThrow().toFloatArray())
          .isEqualTo(djl.forward(store, rows, false).singletonOrThrow().toFloatArray());
      assertThat(((SequentialBlock) ours).takesNonZeros()).isTrue();
      assertThat(djl.takesNonZeros()).isFalse();
    }
  }
}
