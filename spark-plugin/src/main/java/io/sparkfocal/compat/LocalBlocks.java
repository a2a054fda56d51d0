package io.sparkfocal.compat;

import java.lang.reflect.InvocationTargetException;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.storage.BlockId;
import org.apache.spark.storage.BlockManager;
import org.apache.spark.storage.RDDBlockId;
import scala.Function1;
import scala.runtime.AbstractFunction1;

/**
 * The blocks that a process keeps.
 *
 * <p>{@code BlockManager.getMatchingBlockIds} returns another type of sequence in Scala 2.12 than
 * in 2.13.
 */
public final class LocalBlocks {

  private LocalBlocks() {}

  /** Those of an RDD. */
  public static List<RDDBlockId> of(BlockManager manager, int rdd) {
    Function1<BlockId, Object> ofRdd =
        new AbstractFunction1<>() {
          @Override
          public Object apply(BlockId id) {
            return id instanceof RDDBlockId block && block.rddId() == rdd;
          }
        };
    try {
      scala.collection.Seq<?> found =
          (scala.collection.Seq<?>)
              BlockManager.class
                  .getMethod("getMatchingBlockIds", Function1.class)
                  .invoke(manager, ofRdd);
      List<RDDBlockId> blocks = new ArrayList<>();
      for (int i = 0; i < found.length(); i++) {
        blocks.add((RDDBlockId) found.apply(i));
      }
      return blocks;
    } catch (IllegalAccessException | InvocationTargetException | NoSuchMethodException e) {
      throw new IllegalStateException(
          "This Spark version has no BlockManager.getMatchingBlockIds; use Spark 3.5 or 4.0.", e);
    }
  }
}
