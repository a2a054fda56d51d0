package io.sparkfocal.data;

import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.Objects;
import org.apache.spark.unsafe.types.UTF8String;

/** Encodes rows of blocks by a {@link TableEncoding}. */
final class TableRows {

  /** More than the blocks of a window of full ones. */
  private static final int MOST_BLOCKS = 64;

  private final TableEncoding encoding;
  private final TableInputs inputs;
  private final TableValues values;
  private final float[] row;

  /** By feature, then by the number of a text in the block: its index. */
  private final IdentityHashMap<RowBlock, int[][]> indices = new IdentityHashMap<>();

  TableRows(TableEncoding encoding) {
    this.encoding = encoding;
    this.inputs = new TableInputs(encoding);
    this.values = new TableValues(encoding.features());
    this.row = new float[encoding.inputs()];
  }

  /** The inputs of a row; good until the next call. */
  float[] encoded(RowBlock block, int at) {
    double[] given = values.of(block, at);
    int[][] ofTexts = block.texts().isEmpty() ? new int[0][] : indices(block);
    for (int i = 0; i < given.length; i++) {
      if (ofTexts.length > 0 && ofTexts[i].length > 0 && !Double.isNaN(given[i])) {
        inputs.putIndex(row, i, ofTexts[i][(int) given[i]]);
      } else {
        inputs.put(row, i, given[i]);
      }
    }
    return row;
  }

  private int[][] indices(RowBlock block) {
    int[][] known = indices.get(block);
    if (known != null) {
      return known;
    }
    if (indices.size() >= MOST_BLOCKS) {
      indices.clear();
    }
    int[][] found = new int[encoding.features()][0];
    block
        .texts()
        .forEach(
            (feature, texts) -> {
              CategoryEncoding category =
                  Objects.requireNonNull(inputs.feature(feature).category());
              found[feature] =
                  Arrays.stream(texts)
                      .map(UTF8String::toString)
                      .mapToInt(category::index)
                      .toArray();
            });
    indices.put(block, found);
    return found;
  }
}
