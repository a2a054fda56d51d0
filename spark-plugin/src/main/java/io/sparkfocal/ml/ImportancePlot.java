package io.sparkfocal.ml;

import io.sparkfocal.ml.FeatureImportances.Importance;
import java.util.List;
import java.util.Locale;

/** Draws importances as horizontal bars with error bars of one deviation to each side. */
final class ImportancePlot {

  private static final int WIDTH = 760;
  private static final int NAMES = 240;
  private static final int RIGHT = 90;
  private static final int TOP = 48;
  private static final int BOTTOM = 34;

  /** Up to so many features have room to spare. */
  private static final int FEW = 20;

  /** Of characters; a longer name is shown by its beginning, and whole as a tooltip. */
  private static final int LONGEST_NAME = 32;

  private static final int MOST_TICKS = 6;

  /** A replacement for characters that XML does not have. */
  private static final int REPLACEMENT = 0xFFFD;

  private final FeatureImportances importances;
  private final List<Importance> bars;
  private final double lowest;
  private final double highest;
  private final int rowHeight;

  ImportancePlot(FeatureImportances importances) {
    this.importances = importances;
    this.bars = importances.sorted();
    double low = 0;
    double high = 0;
    for (Importance bar : bars) {
      low = Math.min(low, bar.mean() - bar.deviation());
      high = Math.max(high, bar.mean() + bar.deviation());
    }
    this.lowest = low;
    this.highest = high > low ? high : low + 1;
    this.rowHeight = bars.size() <= FEW ? 24 : 16;
  }

  String svg() {
    int height = TOP + bars.size() * rowHeight + BOTTOM;
    StringBuilder svg = new StringBuilder();
    add(
        svg,
        Locale.ROOT,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\""
            + " font-family=\"sans-serif\" font-size=\"12\" fill=\"#222\">",
        WIDTH,
        height,
        WIDTH,
        height);
    add(svg, Locale.ROOT, "<rect width=\"%d\" height=\"%d\" fill=\"white\"/>", WIDTH, height);
    add(
        svg,
        Locale.ROOT,
        "<text x=\"12\" y=\"20\" font-size=\"14\">By how much %s gets worse when a feature is"
            + " shuffled</text>",
        escaped(importances.metric()));
    add(
        svg,
        Locale.ROOT,
        "<text x=\"12\" y=\"37\" fill=\"#666\">%s %.4g on %d rows; mean and standard deviation of"
            + " %d repeats</text>",
        escaped(importances.metric()),
        importances.baseline(),
        importances.rows(),
        importances.repeats());
    axis(svg, TOP + bars.size() * rowHeight);
    for (int i = 0; i < bars.size(); i++) {
      bar(svg, bars.get(i), TOP + i * rowHeight);
    }
    add(svg, Locale.ROOT, "</svg>");
    return svg.toString();
  }

  private void axis(StringBuilder svg, int bottom) {
    double step = step((highest - lowest) / MOST_TICKS);
    for (long tick = (long) Math.ceil(lowest / step); tick * step <= highest; tick++) {
      add(
          svg,
          Locale.ROOT,
          "<line x1=\"%.1f\" y1=\"%d\" x2=\"%1$.1f\" y2=\"%d\" stroke=\"%s\"/>",
          x(tick * step),
          TOP,
          bottom,
          tick == 0 ? "#444" : "#ddd");
      add(
          svg,
          Locale.ROOT,
          "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%s</text>",
          x(tick * step),
          bottom + 18,
          String.format(Locale.ROOT, "%.3g", tick * step));
    }
  }

  private void bar(StringBuilder svg, Importance bar, int top) {
    double middle = top + rowHeight / 2.0;
    double from = Math.min(x(0), x(bar.mean()));
    add(svg, Locale.ROOT, "<g>");
    add(
        svg,
        Locale.ROOT,
        "<title>%s: %.4g ± %.2g</title>",
        escaped(bar.feature()),
        bar.mean(),
        bar.deviation());
    add(
        svg,
        Locale.ROOT,
        "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%s</text>",
        NAMES - 8,
        middle + 4,
        escaped(shortened(bar.feature())));
    add(
        svg,
        Locale.ROOT,
        "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"%s\"/>",
        from,
        top + rowHeight * 0.15,
        Math.abs(x(bar.mean()) - x(0)),
        rowHeight * 0.7,
        bar.mean() < 0 ? "#c9a0a0" : "#7aa6d1");
    double low = x(bar.mean() - bar.deviation());
    double high = x(bar.mean() + bar.deviation());
    double cap = rowHeight * 0.2;
    add(
        svg,
        Locale.ROOT,
        "<path d=\"M%.1f %.1fH%.1fM%1$.1f %.1fV%.1fM%3$.1f %4$.1fV%5$.1f\" stroke=\"#222\""
            + " fill=\"none\"/>",
        low,
        middle,
        high,
        middle - cap,
        middle + cap);
    add(
        svg,
        Locale.ROOT,
        "<text x=\"%d\" y=\"%.1f\">%s</text>",
        WIDTH - RIGHT + 12,
        middle + 4,
        String.format(Locale.ROOT, "%.3g", bar.mean()));
    add(svg, Locale.ROOT, "</g>");
  }

  private double x(double value) {
    return NAMES + (value - lowest) / (highest - lowest) * (WIDTH - RIGHT - NAMES);
  }

  /** The next of 1, 2 and 5 times a power of ten. */
  private static double step(double least) {
    double power = Math.pow(10, Math.floor(Math.log10(least)));
    for (int digit : new int[] {1, 2, 5}) {
      if (digit * power >= least) {
        return digit * power;
      }
    }
    return 10 * power;
  }

  private static String shortened(String name) {
    return name.codePointCount(0, name.length()) <= LONGEST_NAME
        ? name
        : name.substring(0, name.offsetByCodePoints(0, LONGEST_NAME - 1)) + "…";
  }

  /** As text of XML, without characters that XML does not have. */
  static String escaped(String text) {
    StringBuilder escaped = new StringBuilder();
    text.codePoints()
        .forEach(
            c -> {
              switch (c) {
                case '&' -> escaped.append("&amp;");
                case '<' -> escaped.append("&lt;");
                case '>' -> escaped.append("&gt;");
                case '"' -> escaped.append("&quot;");
                default -> escaped.appendCodePoint(isInXml(c) ? c : REPLACEMENT);
              }
            });
    return escaped.toString();
  }

  private static boolean isInXml(int c) {
    return c == '\t'
        || c == '\n'
        || c == '\r'
        || (c >= ' ' && c <= 0xD7FF)
        || (c >= 0xE000 && c <= 0xFFFD)
        || c >= 0x10000;
  }

  private static void add(StringBuilder svg, Locale locale, String line, Object... values) {
    svg.append(String.format(locale, line, values)).append('\n');
  }
}
