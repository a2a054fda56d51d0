package io.sparkfocal.blocks;

import io.sparkfocal.data.BlockSlice;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The rows of one rank, by name.
 *
 * @param store where the blocks are
 */
public record RankShare(BlockStore store, List<BlockSlice> training, List<BlockSlice> validation) {

  private static final int HEADER = 2 * Integer.BYTES + 1;
  private static final int SLICE = 4 * Integer.BYTES + Long.BYTES;

  /** All slices. */
  Stream<BlockSlice> slices() {
    return Stream.concat(training.stream(), validation.stream());
  }

  /** Numbers of all blocks. */
  Set<Integer> numbers() {
    return slices().map(BlockSlice::block).collect(Collectors.toSet());
  }

  /** As bytes, which every serializer of Spark knows. */
  public byte[] encode() {
    int slices = training.size() + validation.size();
    ByteBuffer bytes =
        ByteBuffer.allocate(Math.addExact(HEADER, Math.multiplyExact(SLICE, slices)));
    bytes.putInt(store.rdd()).put((byte) (store.evicts() ? 1 : 0)).putInt(training.size());
    slices()
        .forEach(
            slice ->
                bytes
                    .putInt(slice.block())
                    .putInt(slice.from())
                    .putInt(slice.to())
                    .putInt(slice.bytes())
                    .putLong(slice.hash()));
    return bytes.array();
  }

  /** From the bytes of {@link #encode}. */
  public static RankShare decode(byte[] encoded) {
    ByteBuffer bytes = ByteBuffer.wrap(encoded);
    BlockStore store = new BlockStore(bytes.getInt(), bytes.get() != 0);
    int training = bytes.getInt();
    List<BlockSlice> slices = new ArrayList<>();
    while (bytes.hasRemaining()) {
      slices.add(
          new BlockSlice(
              bytes.getInt(), bytes.getInt(), bytes.getInt(), bytes.getInt(), bytes.getLong()));
    }
    return new RankShare(
        store, slices.subList(0, training), slices.subList(training, slices.size()));
  }
}
