package io.sparkfocal.blocks;

import io.sparkfocal.compat.LocalBlocks;
import java.io.Serializable;
import java.util.function.IntPredicate;
import org.apache.spark.SparkEnv;
import org.apache.spark.memory.MemoryManager;
import org.apache.spark.storage.BlockManager;
import org.apache.spark.storage.BlockResult;
import org.apache.spark.storage.RDDBlockId;
import org.apache.spark.storage.StorageLevel;
import org.jspecify.annotations.Nullable;
import scala.Option;
import scala.collection.Iterator;
import scala.reflect.ClassTag;
import scala.reflect.ClassTag$;

/**
 * Blocks of bytes in Spark's block store, under the ids of an RDD that is never computed: Spark
 * accounts for them, evicts them to disk, encrypts them there, and sends them to other executors.
 *
 * @param rdd the RDD's id
 * @param evicts whether the blocks may evict others from memory; else they go to disk where there
 *     is no room
 */
public record BlockStore(int rdd, boolean evicts) implements Serializable {

  private static final ClassTag<byte[]> BYTES = ClassTag$.MODULE$.apply(byte[].class);

  private static BlockManager manager() {
    return SparkEnv.get().blockManager();
  }

  /** Keeps a block in this process, in place of another one of that number. */
  public void put(int number, byte[] bytes) {
    RDDBlockId id = new RDDBlockId(rdd, number);
    if (isHere(number)) {
      // Of an earlier attempt of the task, which may have read other rows.
      manager().removeBlock(id, true);
    }
    store(id, bytes);
  }

  /** Keeps a copy of a block in this process, unless it has one. */
  void putIfAbsent(int number, byte[] bytes) {
    if (!isHere(number)) {
      store(new RDDBlockId(rdd, number), bytes);
    }
  }

  private void store(RDDBlockId id, byte[] bytes) {
    if (!manager().putSingle(id, bytes, level(bytes.length), true, BYTES)) {
      throw new IllegalStateException(
          "A block of %s bytes was not stored; look at the executor's log and disks."
              .formatted(bytes.length));
    }
  }

  private StorageLevel level(int bytes) {
    MemoryManager memory = SparkEnv.get().memoryManager();
    boolean isRoom = memory.maxOnHeapStorageMemory() - memory.onHeapStorageMemoryUsed() > bytes;
    return evicts || isRoom ? StorageLevel.MEMORY_AND_DISK() : StorageLevel.DISK_ONLY();
  }

  /** Whether this process has a block. */
  boolean isHere(int number) {
    return manager().getStatus(new RDDBlockId(rdd, number)).isDefined();
  }

  /**
   * A block, from this process or another; null if nobody has it. Called in a task's own thread.
   */
  public byte @Nullable [] get(int number) {
    Option<BlockResult> found = manager().get(new RDDBlockId(rdd, number), BYTES);
    if (found.isEmpty()) {
      return null;
    }
    Iterator<Object> values = found.get().data();
    byte[] bytes = (byte[]) values.next();
    while (values.hasNext()) {
      // To the end, which gives the lock back.
      values.next();
    }
    return bytes;
  }

  /** Removes a block of this process. */
  void removeHere(int number) {
    manager().removeBlock(new RDDBlockId(rdd, number), true);
  }

  /** Whether any process has a block; asks the driver. */
  boolean exists(int number) {
    return manager().master().contains(new RDDBlockId(rdd, number));
  }

  /** Removes all copies of a block. */
  void removeEverywhere(int number) {
    manager().master().removeBlock(new RDDBlockId(rdd, number));
  }

  /** Removes the blocks that this process has, but for some. */
  public void removeHereUnless(IntPredicate kept) {
    for (RDDBlockId id : LocalBlocks.of(manager(), rdd)) {
      if (!kept.test(id.splitIndex())) {
        manager().removeBlock(id, true);
      }
    }
  }

  /** Removes all blocks everywhere, without waiting; called on the driver. */
  public void removeAll() {
    manager().master().removeRdd(rdd, false);
  }
}
