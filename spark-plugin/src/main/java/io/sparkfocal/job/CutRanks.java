package io.sparkfocal.job;

import java.io.Serializable;
import org.apache.spark.TaskContext;
import scala.collection.Iterator;
import scala.collection.Iterator$;
import scala.runtime.AbstractFunction1;

/** A {@link BarrierTrainingTask} that reads the input's own partitions, as {@link RankFunction}. */
final class CutRanks extends AbstractFunction1<Iterator<Object>, Iterator<byte[]>>
    implements Serializable {

  private static final long serialVersionUID = 1L;

  private final BarrierTrainingTask task;
  private final RankPartitions partitions;

  CutRanks(BarrierTrainingTask task, RankPartitions partitions) {
    this.task = task;
    this.partitions = partitions;
  }

  @Override
  public Iterator<byte[]> apply(Iterator<Object> number) {
    byte[] result = task.run(partitions.rows(TaskContext.getPartitionId()));
    return result == null ? Iterator$.MODULE$.empty() : Iterator$.MODULE$.single(result);
  }
}
