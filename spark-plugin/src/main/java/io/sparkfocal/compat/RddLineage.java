package io.sparkfocal.compat;

import java.lang.reflect.InvocationTargetException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.Set;
import java.util.function.Predicate;
import org.apache.spark.Dependency;
import org.apache.spark.ShuffleDependency;
import org.apache.spark.rdd.RDD;

/**
 * What lies before an RDD: shuffles, and what is persisted.
 *
 * <p>{@code RDD.dependencies} returns {@code scala.collection.Seq} in Scala 2.12 and {@code
 * scala.collection.immutable.Seq} in 2.13, so a compiled call works on one of them only.
 */
public final class RddLineage {

  private RddLineage() {}

  /**
   * Whether nothing of an RDD comes out of a shuffle, so that any task can compute any of its
   * partitions.
   */
  public static boolean isNarrow(RDD<?> last) {
    return !any(last, rdd -> isShuffled(dependencies(rdd)));
  }

  /** Whether an RDD or one before it is persisted. */
  public static boolean isPersisted(RDD<?> last) {
    return any(last, rdd -> rdd.getStorageLevel().isValid());
  }

  private static boolean isShuffled(scala.collection.Seq<?> dependencies) {
    for (int i = 0; i < dependencies.length(); i++) {
      if (dependencies.apply(i) instanceof ShuffleDependency<?, ?, ?>) {
        return true;
      }
    }
    return false;
  }

  private static boolean any(RDD<?> last, Predicate<RDD<?>> wanted) {
    Set<Integer> seen = new HashSet<>();
    Deque<RDD<?>> waiting = new ArrayDeque<>();
    waiting.add(last);
    while (!waiting.isEmpty()) {
      RDD<?> rdd = waiting.remove();
      if (!seen.add(rdd.id())) {
        continue;
      }
      if (wanted.test(rdd)) {
        return true;
      }
      scala.collection.Seq<?> dependencies = dependencies(rdd);
      for (int i = 0; i < dependencies.length(); i++) {
        waiting.add(((Dependency<?>) dependencies.apply(i)).rdd());
      }
    }
    return false;
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
