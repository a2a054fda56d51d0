package io.sparkfocal.testing;

import ai.djl.engine.EngineException;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import io.sparkfocal.losses.ClassificationLoss;
import io.sparkfocal.losses.CrossEntropyLoss;
import io.sparkfocal.losses.LossKernel;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.atomic.AtomicInteger;

/** Cross entropy on a machine whose memory suffices for so many rows and no more. */
public final class HungryLoss implements ClassificationLoss {

  /** Rows that memory suffices for. */
  public static final AtomicInteger MOST_ROWS = new AtomicInteger();

  /** Calls from now on that memory suffices for, whatever their rows; below 0 for all. */
  public static final AtomicInteger CALLS_LEFT = new AtomicInteger(-1);

  /** Numbers of rows that have been asked for. */
  public static final ConcurrentSkipListSet<Long> ASKED = new ConcurrentSkipListSet<>();

  @Override
  public LossKernel prepare(NDManager manager, DataType dataType) {
    LossKernel kernel = CrossEntropyLoss.builder().build().prepare(manager, dataType);
    return (logits, labels) -> {
      long rows = logits.getShape().get(0);
      ASKED.add(rows);
      if (rows > MOST_ROWS.get() || CALLS_LEFT.getAndDecrement() == 0) {
        throw new EngineException(
            "CUDA out of memory. Tried to allocate 2.00 GiB\nException raised from malloc");
      }
      return kernel.evaluate(logits, labels);
    };
  }
}
