package io.sparkfocal.network;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.index.NDIndex;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;

/** Columns of a float32 matrix on the host, read and added to where they lie, of any size. */
final class HostMatrix {

  /** A buffer of Java counts bytes in 31 bits. */
  private static final int MOST_VALUES = Integer.MAX_VALUE / Float.BYTES;

  private final int rows;
  private final int width;
  private final int rowsOfPiece;
  private final List<FloatBuffer> pieces = new ArrayList<>();

  /**
   * As long as the matrix is not closed.
   *
   * @param matrix shape (R, W), its values one after the other
   */
  HostMatrix(NDArray matrix) {
    this(matrix, MOST_VALUES);
  }

  /** As above, with at most so many values in a buffer, but a row at least. */
  HostMatrix(NDArray matrix, int mostValues) {
    rows = Math.toIntExact(matrix.getShape().get(0));
    width = Math.toIntExact(matrix.getShape().get(1));
    rowsOfPiece = Math.max(1, mostValues / width);
    for (long from = 0; from < rows; from += rowsOfPiece) {
      NDIndex index = new NDIndex().addSliceDim(from, Math.min(rows, from + rowsOfPiece));
      try (NDArray piece = matrix.get(index)) {
        pieces.add(piece.toByteBuffer(true).asFloatBuffer());
      }
    }
  }

  int rows() {
    return rows;
  }

  int width() {
    return width;
  }

  /** Copies columns, each to an array of its own. */
  void get(int[] columns, int from, int to, float[][] block) {
    for (int row = 0; row < rows; row++) {
      FloatBuffer piece = pieces.get(row / rowsOfPiece);
      int start = row % rowsOfPiece * width;
      for (int i = from; i < to; i++) {
        block[i - from][row] = piece.get(start + columns[i]);
      }
    }
  }

  /** Adds to columns, each from an array of its own. */
  void add(int[] columns, int from, int to, float[][] block) {
    for (int row = 0; row < rows; row++) {
      FloatBuffer piece = pieces.get(row / rowsOfPiece);
      int start = row % rowsOfPiece * width;
      for (int i = from; i < to; i++) {
        int place = start + columns[i];
        piece.put(place, piece.get(place) + block[i - from][row]);
      }
    }
  }
}
