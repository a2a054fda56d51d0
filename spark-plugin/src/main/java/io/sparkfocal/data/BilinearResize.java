package io.sparkfocal.data;

import io.sparkfocal.network.ImageShape;
import java.util.Arrays;

/**
 * Brings images to another height and width by a triangular filter, which is as wide as the pixels
 * of the result where these are larger: what PIL's {@code resize(..., BILINEAR)} does, and
 * torchvision's {@code Resize} with antialiasing.
 *
 * <p>Lines are made shorter as they come, so that of a large image few values are in memory.
 */
final class BilinearResize {

  private final ImageShape shape;
  private final int height;
  private final int width;

  /** From that height and width. */
  BilinearResize(ImageShape shape, int height, int width) {
    this.shape = shape;
    this.height = height;
    this.width = width;
  }

  /** An image, line by line. */
  @FunctionalInterface
  interface Lines {

    /**
     * Reads a line.
     *
     * @param line where its values go, from 0 to 255, each channel by itself
     */
    void read(int y, float[][] line);
  }

  /** What of a line of values becomes one of them. */
  private record Window(int from, float[] weights) {

    /** Of so many values that become so many. */
    static Window[] of(int before, int after) {
      Window[] windows = new Window[after];
      double scale = (double) before / after;
      double reach = Math.max(1, scale);
      for (int i = 0; i < after; i++) {
        double centre = (i + 0.5) * scale;
        int from = (int) Math.max(0, centre - reach + 0.5);
        int to = (int) Math.min(before, centre + reach + 0.5);
        double[] weights = new double[to - from];
        double sum = 0;
        for (int k = 0; k < weights.length; k++) {
          weights[k] = Math.max(0, 1 - Math.abs(from + k + 0.5 - centre) / reach);
          sum += weights[k];
        }
        float[] shares = new float[weights.length];
        for (int k = 0; k < weights.length; k++) {
          shares[k] = (float) (weights[k] / sum);
        }
        windows[i] = new Window(from, shares);
      }
      return windows;
    }

    float of(float[] values) {
      float sum = 0;
      for (int k = 0; k < weights.length; k++) {
        sum += weights[k] * values[from + k];
      }
      return sum;
    }
  }

  /** The pixels, channel by channel and line by line. */
  byte[] pixels(Lines lines) {
    Window[] columns = Window.of(width, shape.width());
    Window[] rows = Window.of(height, shape.height());
    byte[] pixels = new byte[shape.size()];
    float[][] line = new float[shape.channels()][width];
    float[][][] shorter = new float[height][][];
    int read = 0;
    float[] sums = new float[shape.width()];
    for (int y = 0; y < rows.length; y++) {
      Window window = rows[y];
      int end = window.from() + window.weights().length;
      for (; read < end; read++) {
        lines.read(read, line);
        shorter[read] = new float[line.length][];
        for (int c = 0; c < line.length; c++) {
          shorter[read][c] = resized(line[c], columns);
        }
      }
      for (int c = 0; c < line.length; c++) {
        Arrays.fill(sums, 0);
        for (int k = 0; k < window.weights().length; k++) {
          float[] values = shorter[window.from() + k][c];
          for (int x = 0; x < sums.length; x++) {
            sums[x] += window.weights()[k] * values[x];
          }
        }
        int at = (c * shape.height() + y) * shape.width();
        for (int x = 0; x < sums.length; x++) {
          pixels[at + x] = (byte) Math.min(255, Math.round(sums[x]));
        }
      }
      // Windows begin ever later.
      for (int k = y == 0 ? 0 : rows[y - 1].from(); k < window.from(); k++) {
        shorter[k] = new float[0][];
      }
    }
    return pixels;
  }

  private static float[] resized(float[] line, Window... columns) {
    float[] values = new float[columns.length];
    for (int x = 0; x < values.length; x++) {
      values[x] = Math.round(columns[x].of(line));
    }
    return values;
  }
}
