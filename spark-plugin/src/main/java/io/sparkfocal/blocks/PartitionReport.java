package io.sparkfocal.blocks;

import io.sparkfocal.data.PartitionRows;
import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/**
 * What a task that read a partition tells the driver.
 *
 * @param partition its number
 * @param rows what it read, without numbers of rows by class
 * @param classRows these, encoded; empty if they lie in a block behind the partition's others
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record PartitionReport(int partition, PartitionRows rows, byte[] classRows) {

  /** The number of a partition's block among all blocks of the input. */
  static int id(int partition, int block, int partitions) {
    return Math.addExact(partition, Math.multiplyExact(partitions, block));
  }

  /**
   * From a task's result.
   *
   * @throws IllegalArgumentException if the partition has a row that cannot be trained on
   */
  static PartitionReport decode(byte[] result) {
    try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(result))) {
      int partition = in.readInt();
      if (!in.readBoolean()) {
        throw new IllegalArgumentException(new String(in.readAllBytes(), StandardCharsets.UTF_8));
      }
      PartitionRows rows = PartitionRows.read(in);
      return new PartitionReport(
          partition, rows, in.readBoolean() ? in.readAllBytes() : new byte[0]);
    } catch (IOException e) {
      throw BlockTask.unreadable(e);
    }
  }
}
