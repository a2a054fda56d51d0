package io.sparkfocal.compat;

import java.lang.reflect.InvocationTargetException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.Set;
import org.apache.spark.Dependency;
import org.apache.spark.ShuffleDependency;
import org.apache.spark.rdd.RDD;

/**
 * What lies between an RDD and the shuffles before it.
 *
 * <p>{@code RDD.dependencies} returns {@code scala.collection.Seq} in Scala 2.12 and {@code
 * scala.collection.immutable.Seq} in 2.13, so a compiled call works on one of them only.
 */
public final class RddLineage {

  private RddLineage() {}

  /**
   * Whether every RDD of the stage has as many partitions as the last one and a single parent,
   * which is what Spark demands of a barrier stage (SPARK-24820); {@code coalesce} and {@code
   * union} break it.
   */
  public static boolean suitsBarrierStage(RDD<?> last) {
    Set<Integer> seen = new HashSet<>();
    Deque<RDD<?>> waiting = new ArrayDeque<>();
    waiting.add(last);
    while (!waiting.isEmpty()) {
      RDD<?> rdd = waiting.remove();
      if (!seen.add(rdd.id())) {
        continue;
      }
      if (rdd.getNumPartitions() != last.getNumPartitions()) {
        return false;
      }
      scala.collection.Seq<?> dependencies = dependencies(rdd);
      int narrow = 0;
      for (int i = 0; i < dependencies.length(); i++) {
        Object dependency = dependencies.apply(i);
        if (!(dependency instanceof ShuffleDependency<?, ?, ?>)) {
          narrow++;
          waiting.add(((Dependency<?>) dependency).rdd());
        }
      }
      if (narrow > 1) {
        return false;
      }
    }
    return true;
  }

  /**
   * Whether nothing of an RDD comes out of a shuffle, so that any task can compute any of its
   * partitions.
   */
  public static boolean isNarrow(RDD<?> last) {
    Set<Integer> seen = new HashSet<>();
    Deque<RDD<?>> waiting = new ArrayDeque<>();
    waiting.add(last);
    while (!waiting.isEmpty()) {
      RDD<?> rdd = waiting.remove();
      if (seen.add(rdd.id())) {
        scala.collection.Seq<?> dependencies = dependencies(rdd);
        for (int i = 0; i < dependencies.length(); i++) {
          if (dependencies.apply(i) instanceof ShuffleDependency<?, ?, ?>) {
            return false;
          }
          waiting.add(((Dependency<?>) dependencies.apply(i)).rdd());
        }
      }
    }
    return true;
  }

  private static scala.collection.Seq<?> dependencies(RDD<?> rdd) {
    try {
      return (scala.collection.Seq<?>) RDD.class.getMethod("dependencies").invoke(rdd);
    } catch (IllegalAccessException | InvocationTargetException | NoSuchMethodException e) {
      throw new IllegalStateException(
          "This Spark version has no RDD.dependencies; use Spark 3.5 or 4.0.", e);
    }
  }
}
