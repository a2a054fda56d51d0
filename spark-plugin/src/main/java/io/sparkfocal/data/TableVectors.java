package io.sparkfocal.data;

import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.sql.Row;

/** Reads and encodes vectors of all features of a {@link TableEncoding}, texts as indices. */
final class TableVectors {

  private final TableEncoding encoding;
  private final boolean keeps;
  private final FeatureValues check;
  private final TableInputs inputs;
  private final boolean[] isText;

  TableVectors(TableEncoding encoding, boolean keeps) {
    this.encoding = encoding;
    this.keeps = keeps;
    this.check = new FeatureValues(FeatureLayout.ofVector(), encoding.features());
    this.inputs = new TableInputs(encoding);
    this.isText = encoding.texts();
  }

  /** Reads a row; see {@link FeatureReader}. */
  void read(Row row, float[] to) {
    double[] values = check.present(row.<Vector>getAs(0)).toArray();
    check.size(values.length);
    for (int i = 0; i < values.length; i++) {
      boolean isMissing = Double.isNaN(values[i]);
      if ((isMissing && !keeps) || Double.isInfinite((float) values[i])) {
        throw check.notFinite(values[i], i);
      }
      CategoryEncoding category = encoding.encoded().get(i).category();
      if (isText[i] && category != null && !isMissing) {
        inputs.putIndex(to, i, index(values[i], i, category.values().size()));
      } else {
        inputs.put(to, i, values[i] + 0.0);
      }
    }
  }

  private int index(double value, int feature, int known) {
    if (value != Math.rint(value) || value < 0 || value > known) {
      throw new BadRowException(
          "Feature %s, the text \"%s\", is %s; give its index in the dictionary, from 0 to %s, %s for a text that is not in it, or NaN if it is missing."
              .formatted(feature, encoding.encoded().get(feature).name(), value, known - 1, known));
    }
    return (int) value;
  }
}
