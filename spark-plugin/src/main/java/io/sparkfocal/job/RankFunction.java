package io.sparkfocal.job;

import java.io.Serializable;
import org.apache.spark.sql.catalyst.InternalRow;
import scala.collection.Iterator;
import scala.collection.Iterator$;
import scala.runtime.AbstractFunction1;

/** A {@link BarrierTrainingTask} in the form that {@code RDDBarrier.mapPartitions} takes. */
final class RankFunction extends AbstractFunction1<Iterator<InternalRow>, Iterator<byte[]>>
    implements Serializable {

  private static final long serialVersionUID = 1L;

  private final BarrierTrainingTask task;

  RankFunction(BarrierTrainingTask task) {
    this.task = task;
  }

  @Override
  public Iterator<byte[]> apply(Iterator<InternalRow> rows) {
    byte[] result =
        task.run(
            new java.util.Iterator<>() {
              @Override
              public boolean hasNext() {
                return rows.hasNext();
              }

              @Override
              public InternalRow next() {
                return rows.next();
              }
            });
    return result == null ? Iterator$.MODULE$.empty() : Iterator$.MODULE$.single(result);
  }
}
