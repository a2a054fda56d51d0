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
import io.sparkfocal.train.StoredParameters;
import java.nio.ByteBuffer;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Turns features into logits by a network in native memory, which the tasks of the JVM share; used
 * by one thread.
 */
final class Scorer implements AutoCloseable {

  /** Kept for the next task of a stage, or the next micro-batch. */
  private static final long IDLE_MILLIS = 10_000;

  static final SharedValues<Native> NETWORKS = new SharedValues<>(Native::close, IDLE_MILLIS);

  private static final int MOST_ROWS = 1024;

  /** Of the features of a batch, which lie beside the heap. */
  private static final long INPUT_BYTES = 16 << 20;

  /** Of what the layers make of it, and of the logits, in PyTorch's memory and on the heap. */
  private static final long BATCH_BYTES = 64 << 20;

  private final NetworkSource source;
  private final Block network;
  private final NDManager manager;
  private final ParameterStore parameters;
  private @Nullable ByteBuffer oneRow;

  /**
   * A network with its parameters.
   *
   * @param manager owns the parameters
   */
  record Native(NDManager manager, Block block) {

    static Native of(NetworkSource network) {
      NDManager manager = NDManager.newBaseManager(Device.cpu(), "PyTorch");
      try {
        return new Native(
            manager,
            StoredParameters.build(
                network.whole(), manager, network.shapes(), network.parameters()));
      } catch (RuntimeException | LinkageError e) {
        manager.close();
        throw e;
      }
    }

    void close() {
      manager.close();
    }
  }

  Scorer(NetworkSource source) {
    this.source = source;
    Native shared = NETWORKS.acquire(source.key(), () -> Native.of(source));
    network = shared.block();
    manager = shared.manager().newSubManager();
    parameters = new ParameterStore(manager, false);
  }

  /** Width of a row. */
  int features() {
    return source.description().features();
  }

  /** Width of the logits. */
  int outputs() {
    return source.description().outputs();
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

  /** Logits of one row of standardized features. */
  float[] logits(float[] row) {
    if (oneRow == null) {
      oneRow = newInput(1);
    }
    oneRow.asFloatBuffer().put(row);
    return logits(oneRow, 1);
  }

  /** Logits of {@code rows} rows, row by row. */
  float[] logits(ByteBuffer input, int rows) {
    return Autograd.unrecorded(() -> forward(input, rows));
  }

  private float[] forward(ByteBuffer input, int rows) {
    try (NDScope scope = new NDScope()) {
      scope.suppressNotUsedWarning();
      return network
          .forward(parameters, new NDList(features(input, rows)), false)
          .singletonOrThrow()
          .toFloatArray();
    }
  }

  /**
   * Derivatives by the features of rows, row by row.
   *
   * @param slopes from the logits of all rows to the derivatives of what is differentiated by them
   */
  float[] gradients(ByteBuffer input, int rows, UnaryOperator<float[]> slopes) {
    return Autograd.recorded(
        () -> {
          try (NDScope scope = new NDScope()) {
            scope.suppressNotUsedWarning();
            NDArray features = features(input, rows);
            features.setRequiresGradient(true);
            NDArray logits =
                network.forward(parameters, new NDList(features), false).singletonOrThrow();
            NDArray gradient =
                manager.create(slopes.apply(logits.toFloatArray()), logits.getShape());
            Autograd.backward(logits, gradient, false);
            return features.getGradient().toFloatArray();
          }
        });
  }

  private NDArray features(ByteBuffer input, int rows) {
    ByteBuffer bytes = input.duplicate().order(input.order());
    bytes.clear().limit(rows * features() * Float.BYTES);
    return manager.create(bytes, new Shape(rows, features()), DataType.FLOAT32);
  }

  @Override
  public void close() {
    manager.close();
    NETWORKS.release(source.key());
  }
}
