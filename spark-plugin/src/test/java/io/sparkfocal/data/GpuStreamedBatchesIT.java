package io.sparkfocal.data;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.Shape;
import io.sparkfocal.cuda.GpuActivity;
import io.sparkfocal.cuda.GpuTrace;
import io.sparkfocal.train.Batch;
import io.sparkfocal.train.Batches;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** On the first GPU of this machine. */
@Tag("gpu")
class GpuStreamedBatchesIT extends StreamedBatchesContract {

  private static final int WIDTH = 64;
  private static final int ROWS = 4096;
  private static final int BATCHES = 20;

  @Override
  protected Device device() {
    return Device.gpu(0);
  }

  private static BuiltRows rows() {
    double[][] rows = new double[ROWS * BATCHES][WIDTH + 2];
    for (int i = 0; i < rows.length; i++) {
      rows[i][0] = i;
    }
    return BuiltRows.of(WIDTH, rows);
  }

  @Test
  void theNextBatchIsCopiedWhileTheGpuComputes() {
    BuiltRows source = rows();
    try (NDManager manager = NDManager.newBaseManager(device(), "PyTorch");
        StagingPool pool = new StagingPool(0);
        Batches streamed = new StreamedBatches(source.ordered(), manager, pool)) {
      NDArray matrix = manager.ones(new Shape(2048, 2048));
      NDArray product = matrix.matMul(matrix);
      GpuActivity activity;
      try (GpuTrace trace = GpuTrace.begin(0)) {
        for (int batch = 0; batch < BATCHES; batch++) {
          try (NDScope scope = new NDScope()) {
            scope.suppressNotUsedWarning();
            Batch rows = streamed.next(ROWS);
            NDArray squares = rows.features().transpose().matMul(rows.features());
            product.addi(matrix.matMul(matrix)).addi(squares.sum());
            if (batch < BATCHES - 1) {
              streamed.expect(ROWS);
            }
          }
        }
        activity = trace.end();
      }
      System.out.println("streamed: " + activity);
      assertThat(activity.hostBytes()).isGreaterThanOrEqualTo(4L * ROWS * BATCHES * WIDTH);
      assertThat(activity.overlapNanos())
          .as("copies beside kernels in %s", activity)
          .isGreaterThan(0);
    }
  }
}
