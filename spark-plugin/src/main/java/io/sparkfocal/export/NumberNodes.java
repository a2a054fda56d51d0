package io.sparkfocal.export;

import io.sparkfocal.data.ImageEncoding;
import io.sparkfocal.data.Standardization;
import io.sparkfocal.export.Operand.Value;
import io.sparkfocal.network.ImageShape;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * What becomes of features that are all numbers, as {@link Standardization} and {@link
 * ImageEncoding} say: from float64 (B, F) to float32 (B, F).
 */
final class NumberNodes {

  private NumberNodes() {}

  /** Numbers as rows hold them: float32, but for those that are exact. */
  static Value narrowed(GraphBuilder graph, Value x, boolean[] exact, String name) {
    int count = (int) IntStream.range(0, exact.length).filter(i -> exact[i]).count();
    if (count == exact.length) {
      return x;
    }
    Value narrow = graph.cast(graph.cast(x, NumberType.FLOAT), NumberType.DOUBLE);
    if (count == 0) {
      return narrow;
    }
    double[] marks = new double[exact.length];
    Arrays.setAll(marks, i -> exact[i] ? 1 : 0);
    Value isExact = graph.of(Op.AT_LEAST, graph.row(name, marks), 1);
    return graph.of(Op.WHERE, isExact, x, narrow);
  }

  /** (x - mean) scale in float64, then float32. */
  static Value standardized(GraphBuilder graph, Value features, Standardization standardization) {
    double[] means = standardization.means();
    double[] scales = standardization.scales();
    boolean isShifted = Arrays.stream(means).anyMatch(mean -> mean != 0);
    boolean isScaled = Arrays.stream(scales).anyMatch(scale -> scale != 1);
    if (!isShifted && !isScaled) {
      return graph.cast(features, NumberType.FLOAT);
    }
    graph.section("Standardize the features.");
    Value x = narrowed(graph, features, standardization.exact(), "exact");
    if (isShifted) {
      x = graph.of(Op.SUB, x, graph.row("means", means));
    }
    if (isScaled) {
      x = graph.of(Op.MUL, x, graph.row("scales", scales));
    }
    return graph.cast(x, NumberType.FLOAT);
  }

  /** Values of pixels from 0 to 255, channel by channel, standardized by channel. */
  static Value ofPixels(GraphBuilder graph, Value features, ImageEncoding encoding) {
    graph.section("Standardize the channels of pixels from 0 to 255.");
    ImageShape shape = encoding.shape();
    long channels = shape.channels();
    Value x = graph.reshape(features, -1, channels, (long) shape.height() * shape.width());
    long[] byChannel = {channels, 1};
    x = graph.of(Op.DIV, x, ImageEncoding.WHITE);
    x = graph.of(Op.SUB, x, graph.tensor("means", byChannel, encoding.means()));
    x = graph.of(Op.MUL, x, graph.tensor("scales", byChannel, encoding.scales()));
    return graph.cast(graph.reshape(x, -1, shape.size()), NumberType.FLOAT);
  }
}
