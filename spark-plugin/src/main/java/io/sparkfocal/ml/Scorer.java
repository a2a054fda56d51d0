package io.sparkfocal.ml;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import ai.djl.training.ParameterStore;
import io.sparkfocal.losses.Autograd;
import io.sparkfocal.network.ActivationBytes;
import io.sparkfocal.network.Layers;
import io.sparkfocal.persist.TrainedNetwork;
import io.sparkfocal.train.FlatParameters;
import java.nio.ByteBuffer;

/** A network in native memory that turns features into logits; used by one thread. */
final class Scorer implements AutoCloseable {

  private static final int MOST_ROWS = 1024;

  /** Of the features of a batch, which lie beside the heap. */
  private static final long INPUT_BYTES = 16 << 20;

  /** Of what the layers make of it, and of the logits, in PyTorch's memory and on the heap. */
  private static final long BATCH_BYTES = 64 << 20;

  private final NDManager manager = NDManager.newBaseManager(Device.cpu(), "PyTorch");
  private final TrainedNetwork.Scoring scoring;
  private final Block network;
  private final ParameterStore parameters;

  Scorer(TrainedNetwork.Scoring scoring) {
    this.scoring = scoring;
    try {
      network = scoring.description().build(Layers.forInference());
      scoring.fill(FlatParameters.of(network, features(), manager, 0));
      parameters = new ParameterStore(manager, false);
    } catch (RuntimeException | LinkageError e) {
      manager.close();
      throw e;
    }
  }

  /** Width of a row. */
  int features() {
    return scoring.description().features();
  }

  /** Width of the logits. */
  int outputs() {
    return scoring.description().outputs();
  }

  /** How many rows are scored at once: as many as fit some bytes, from 1 to 1,024. */
  int batchRows() {
    long input = (long) features() * Float.BYTES;
    long made = ActivationBytes.perRow(network) + (long) outputs() * Float.BYTES;
    long rows = Math.min(INPUT_BYTES / input, BATCH_BYTES / made);
    return (int) Math.max(1, Math.min(MOST_ROWS, rows));
  }

  /** A direct buffer for the standardized features of {@code rows} rows. */
  ByteBuffer newInput(int rows) {
    return manager.allocateDirect(
        Math.multiplyExact(Math.multiplyExact(rows, features()), Float.BYTES));
  }

  /** The feature as the network takes it. */
  float standardize(float value, int index) {
    return scoring.standardization().apply(value, index);
  }

  /** Logits of {@code rows} rows, row by row. */
  float[] logits(ByteBuffer input, int rows) {
    return Autograd.unrecorded(() -> forward(input, rows));
  }

  private float[] forward(ByteBuffer input, int rows) {
    try (NDScope scope = new NDScope()) {
      scope.suppressNotUsedWarning();
      ByteBuffer bytes = input.duplicate().order(input.order());
      bytes.clear().limit(rows * features() * Float.BYTES);
      NDArray features = manager.create(bytes, new Shape(rows, features()), DataType.FLOAT32);
      return network
          .forward(parameters, new NDList(features), false)
          .singletonOrThrow()
          .toFloatArray();
    }
  }

  @Override
  public void close() {
    manager.close();
  }
}
