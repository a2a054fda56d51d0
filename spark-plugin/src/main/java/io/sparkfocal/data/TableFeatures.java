package io.sparkfocal.data;

import java.math.BigDecimal;
import java.sql.Date;
import java.sql.Timestamp;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Objects;
import org.apache.spark.ml.linalg.SparseVector;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.catalyst.util.DateTimeUtils;
import org.jspecify.annotations.Nullable;

/** Reads and encodes the features of {@code Row}s by a {@link TableEncoding}, for scoring. */
final class TableFeatures {

  private static final double MICROS_PER_SECOND = 1e6;
  private static final double NANOS_PER_SECOND = 1e9;

  private final FeatureLayout layout;
  private final FeatureValues check;
  private final TableInputs inputs;
  private final int width;
  private final List<Integer> widths;
  private final boolean keeps;

  TableFeatures(FeatureLayout layout, TableEncoding encoding, boolean keeps) {
    this.keeps = keeps;
    this.layout = layout;
    this.width = encoding.features();
    this.widths = encoding.widths();
    encoding.require(layout);
    this.check = new FeatureValues(layout, width);
    this.inputs = new TableInputs(encoding);
  }

  /** Reads a row; see {@link FeatureReader}. */
  void read(Row row, float[] to) {
    int at = 0;
    for (int i = 0; i < layout.parts().size(); i++) {
      FeatureColumn part = layout.parts().get(i);
      Object value = row.get(i);
      if (part.isOne()) {
        check.sizeAtLeast(at + 1);
        put(to, i, at++, value);
      } else if (value == null) {
        throw check.nullFeature(i);
      } else if (value instanceof Vector vector) {
        requireWidth(i, vector.size());
        at = read(vector, to, i, at);
      } else {
        var list = row.getList(i);
        requireWidth(i, list.size());
        for (Object element : list) {
          put(to, i, at++, element);
        }
      }
    }
    check.size(at);
  }

  private void requireWidth(int part, int size) {
    if (size != widths.get(part)) {
      throw new BadRowException(
          "Column \"%s\" has a row with %s features where %s are expected; give every row the same number, in transform() as in fit()."
              .formatted(layout.parts().get(part).name(), size, widths.get(part)));
    }
  }

  private int read(Vector vector, float[] to, int part, int first) {
    if (vector instanceof SparseVector sparse) {
      for (int i = 0; i < sparse.size(); i++) {
        inputs.put(to, first + i, 0);
      }
      for (int k = 0; k < sparse.indices().length; k++) {
        put(to, part, first + sparse.indices()[k], sparse.values()[k]);
      }
    } else {
      double[] values = vector.toArray();
      for (int i = 0; i < values.length; i++) {
        put(to, part, first + i, values[i]);
      }
    }
    return first + vector.size();
  }

  private void put(float[] to, int part, int i, @Nullable Object value) {
    if (value instanceof String text) {
      CategoryEncoding category = inputs.feature(i).category();
      if (category == null) {
        throw new BadRowException(
            "Feature \"%s\" is the text \"%s\", but the model was trained on numbers; give it the columns it was trained on."
                .formatted(inputs.feature(i).name(), text));
      }
      inputs.putIndex(to, i, category.index(text));
      return;
    }
    double number = value == null ? Double.NaN : number(value);
    if (Double.isNaN(number) && !keeps) {
      throw value == null ? check.nullFeature(part) : check.notFinite(number, i);
    }
    if (Double.isInfinite((float) number)) {
      throw check.notFinite(number, i);
    }
    inputs.put(to, i, number + 0.0);
  }

  /** As {@link NumberKind} reads them in training. */
  static double number(Object value) {
    if (value instanceof Number number) {
      return number instanceof BigDecimal decimal ? decimal.doubleValue() : number.doubleValue();
    }
    if (value instanceof Boolean flag) {
      return flag ? 1 : 0;
    }
    if (value instanceof Date date) {
      return DateTimeUtils.fromJavaDate(date);
    }
    if (value instanceof LocalDate date) {
      return date.toEpochDay();
    }
    if (value instanceof Timestamp time) {
      return DateTimeUtils.fromJavaTimestamp(time) / MICROS_PER_SECOND;
    }
    Instant instant =
        value instanceof LocalDateTime local
            ? local.toInstant(ZoneOffset.UTC)
            : (Instant) Objects.requireNonNull(value);
    return instant.getEpochSecond() + instant.getNano() / NANOS_PER_SECOND;
  }
}
