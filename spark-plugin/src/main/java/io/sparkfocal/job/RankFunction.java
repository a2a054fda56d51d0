package io.sparkfocal.job;

import io.sparkfocal.blocks.RankShare;
import java.io.Serializable;
import scala.collection.Iterator;
import scala.collection.Iterator$;
import scala.runtime.AbstractFunction1;

/** A {@link BarrierTrainingTask} in the form that {@code RDDBarrier.mapPartitions} takes. */
final class RankFunction extends AbstractFunction1<Iterator<byte[]>, Iterator<byte[]>>
    implements Serializable {

  private static final long serialVersionUID = 1L;

  private final BarrierTrainingTask task;

  RankFunction(BarrierTrainingTask task) {
    this.task = task;
  }

  @Override
  public Iterator<byte[]> apply(Iterator<byte[]> share) {
    byte[] result = task.run(RankShare.decode(share.next()));
    return result == null ? Iterator$.MODULE$.empty() : Iterator$.MODULE$.single(result);
  }
}
