package io.sparkfocal.benchmarks;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.sparkfocal.losses.ClassificationLoss;
import io.sparkfocal.losses.LossCatalogue;
import io.sparkfocal.losses.LossKernel;
import io.sparkfocal.losses.RowLosses;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Draws value and slope of every loss against the probability of the true class, next to those of
 * cross entropy.
 *
 * <p>Two classes of 90 and 10 rows; the true one is rare where that matters. Losses whose rows
 * depend on each other see one batch of evenly spaced logits.
 */
public final class LossPlots {

  private static final int POINTS = 199;
  private static final long[] COUNTS = {90, 10};
  private static final double LARGEST_LOGIT = 5.3;
  private static final int WIDTH = 300;
  private static final int HEIGHT = 200;
  private static final int MARGIN = 36;
  private static final double HIGHEST_VALUE = 4;
  private static final double HIGHEST_SLOPE = 2;

  /** Value and size of the slope by the true class's logit at each probability. */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Curve(double[] values, double[] slopes) {}

  private LossPlots() {}

  /** Takes the folder to write {@code NAME.svg} files to. */
  public static void main(String[] arguments) throws IOException {
    Path folder = Files.createDirectories(Path.of(arguments[0]));
    for (Map.Entry<String, String> plot : plots().entrySet()) {
      Files.writeString(folder.resolve(plot.getKey() + ".svg"), plot.getValue());
    }
  }

  /** The drawings by the names of the losses. */
  static Map<String, String> plots() {
    Map<String, String> plots = new LinkedHashMap<>();
    Curve plain = curve("crossEntropy");
    for (String name : LossCatalogue.names()) {
      plots.put(name, svg(name, curve(name), plain));
    }
    return plots;
  }

  /** Evenly spaced logits, as a network in training has many sure rows, right and wrong. */
  private static double logit(int point) {
    return LARGEST_LOGIT * (2.0 * point / (POINTS - 1) - 1);
  }

  private static double probability(int point) {
    return 1 / (1 + Math.exp(-logit(point)));
  }

  private static Curve curve(String name) {
    ClassificationLoss loss = LossCatalogue.make(name, Map.of(), COUNTS);
    int columns = loss.outputs(2);
    double[] logits = new double[POINTS * columns];
    long[] labels = new long[POINTS];
    for (int i = 0; i < POINTS; i++) {
      logits[i * columns + columns - 1] = logit(i);
      labels[i] = 1;
    }
    try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
      NDArray batch = manager.create(logits, new Shape(POINTS, columns));
      LossKernel kernel = loss.prepare(manager, DataType.FLOAT64);
      // Seesaw counts the rows it has seen: nine of the common class to one of the rare.
      for (long i = 0; i < COUNTS[0] / COUNTS[1]; i++) {
        kernel.evaluate(batch, manager.zeros(new Shape(POINTS), DataType.INT64));
      }
      RowLosses rows = kernel.evaluate(batch, manager.create(labels));
      double[] gradients = rows.gradients().toDoubleArray();
      double[] slopes =
          IntStream.range(0, POINTS)
              .mapToDouble(i -> Math.abs(gradients[i * columns + columns - 1]))
              .toArray();
      return new Curve(rows.values().toDoubleArray(), slopes);
    }
  }

  private static String svg(String name, Curve curve, Curve plain) {
    StringBuilder svg = new StringBuilder();
    svg.append(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %s %s\" font-family=\"sans-serif\" font-size=\"11\">%n"
            .formatted(2 * WIDTH, HEIGHT));
    svg.append("<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n");
    panel(svg, 0, name + ": value", curve.values(), plain.values(), HIGHEST_VALUE);
    panel(svg, WIDTH, "size of the slope", curve.slopes(), plain.slopes(), HIGHEST_SLOPE);
    return svg.append("</svg>\n").toString();
  }

  private static void panel(
      StringBuilder svg, int left, String title, double[] own, double[] plain, double highest) {
    int x0 = left + MARGIN;
    int y0 = HEIGHT - MARGIN;
    int width = WIDTH - MARGIN - 12;
    int height = HEIGHT - MARGIN - 24;
    svg.append("<text x=\"%s\" y=\"16\">%s</text>%n".formatted(x0, title));
    svg.append(
        "<path d=\"M%s %sV%sH%s\" fill=\"none\" stroke=\"#444\"/>%n"
            .formatted(x0, y0 - height, y0, x0 + width));
    for (int tick = 0; tick <= 4; tick++) {
      double share = tick / 4.0;
      svg.append(
          String.format(
              Locale.ROOT,
              "<text x=\"%.0f\" y=\"%d\" text-anchor=\"middle\">%s</text>%n",
              x0 + share * width,
              y0 + 14,
              number(share)));
      svg.append(
          String.format(
              Locale.ROOT,
              "<text x=\"%d\" y=\"%.0f\" text-anchor=\"end\">%s</text>%n",
              x0 - 4,
              y0 - share * height + 4,
              number(share * highest)));
    }
    svg.append(
        "<text x=\"%s\" y=\"%s\" text-anchor=\"middle\">p of the true class</text>%n"
            .formatted(x0 + width / 2, y0 + 28));
    line(svg, plain, x0, y0, width, height, highest, "#999\" stroke-dasharray=\"4 3");
    line(svg, own, x0, y0, width, height, highest, "#c0392b\" stroke-width=\"2");
  }

  private static String number(double value) {
    return value == Math.rint(value)
        ? Integer.toString((int) value)
        : String.format(Locale.ROOT, "%.2f", value).replaceFirst("0$", "");
  }

  private static void line(
      StringBuilder svg,
      double[] values,
      int x0,
      int y0,
      int width,
      int height,
      double highest,
      String stroke) {
    String points =
        IntStream.range(0, POINTS)
            .filter(i -> values[i] <= highest)
            .mapToObj(
                i ->
                    String.format(
                        Locale.ROOT,
                        "%.1f,%.1f",
                        x0 + probability(i) * width,
                        y0 - values[i] / highest * height))
            .collect(Collectors.joining(" "));
    svg.append("<polyline points=\"%s\" fill=\"none\" stroke=\"%s\"/>%n".formatted(points, stroke));
  }
}
