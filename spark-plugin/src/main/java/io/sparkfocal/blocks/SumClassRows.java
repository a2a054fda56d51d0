package io.sparkfocal.blocks;

import io.sparkfocal.data.ClassRows;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.api.java.function.FlatMapFunction;

/** Adds up the numbers of rows by class that lie in blocks. */
record SumClassRows(BlockStore store) implements FlatMapFunction<Iterator<Integer>, byte[]> {

  @Override
  public Iterator<byte[]> call(Iterator<Integer> numbers) {
    long[] sums = {};
    while (numbers.hasNext()) {
      int number = numbers.next();
      byte[] block = store.get(number);
      if (block == null) {
        throw new UncheckedIOException(new IOException(new LostBlockException(number)));
      }
      sums = ClassRows.add(sums, block);
    }
    return List.of(ClassRows.encode(sums)).iterator();
  }
}
