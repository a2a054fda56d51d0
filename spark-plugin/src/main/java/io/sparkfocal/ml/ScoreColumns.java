package io.sparkfocal.ml;

import io.sparkfocal.calibration.LogitLink;
import java.io.Serializable;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.spark.ml.linalg.SQLDataTypes;
import org.apache.spark.ml.linalg.Vectors;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * From the logits of a row to the values of the output columns.
 *
 * @param output the columns; an empty name leaves one out
 * @param outputs logits of a row
 * @param link from logits to probabilities
 * @param scores from probabilities to a class
 */
record ScoreColumns(OutputColumns output, int outputs, LogitLink link, ClassScores scores)
    implements Serializable {

  /** Names of the columns that there are, in their order. */
  List<String> names() {
    return Stream.of(
            output.rawPrediction(), output.probability(), output.prediction(), output.attribution())
        .filter(name -> !name.isEmpty())
        .toList();
  }

  private int count() {
    return (output.rawPrediction().isEmpty() ? 0 : 1)
        + (output.probability().isEmpty() ? 0 : 1)
        + (output.prediction().isEmpty() ? 0 : 1)
        + (output.attribution().isEmpty() ? 0 : 1);
  }

  /** The place of the attribution, which is the last; -1 if there is none. */
  int attribution() {
    return output.attribution().isEmpty() ? -1 : count() - 1;
  }

  /** The class that is predicted for a row of logits; the most probable of several labels. */
  int predicted(float[] logits, int from) {
    if (link.isMultilabel()) {
      double[] raw = link.raw(logits, from, outputs);
      return IntStream.range(1, outputs).reduce(0, (best, c) -> raw[c] > raw[best] ? c : best);
    }
    return scores.predict(LogitLink.probabilities(link.raw(logits, from, outputs), outputs));
  }

  /** That of a prediction: a class, or the indices of the labels that are there. */
  static DataType predictionType(boolean isMultilabel) {
    return isMultilabel
        ? DataTypes.createArrayType(DataTypes.DoubleType, false)
        : DataTypes.DoubleType;
  }

  /** A struct of all values of a row, whose fields are numbered. */
  StructType type() {
    StructType type = new StructType();
    for (String name : names()) {
      boolean isClass = name.equals(output.prediction());
      type =
          type.add(
              Integer.toString(type.size()),
              isClass ? predictionType(link.isMultilabel()) : SQLDataTypes.VectorType(),
              !isClass);
    }
    return type;
  }

  /**
   * Vectors and the class, or an array of the labels that are there, as {@link #type} orders them;
   * null for an attribution.
   *
   * @param logits of many rows
   * @param from where the row begins
   */
  Object[] of(float[] logits, int from) {
    double[] raw = link.raw(logits, from, outputs);
    double[] probabilities =
        link.isMultilabel() ? LogitLink.sigmoids(raw) : LogitLink.probabilities(raw, outputs);
    Object[] values = new Object[count()];
    int filled = 0;
    if (!output.rawPrediction().isEmpty()) {
      values[filled++] = Vectors.dense(raw);
    }
    if (!output.probability().isEmpty()) {
      values[filled++] = Vectors.dense(probabilities);
    }
    if (!output.prediction().isEmpty()) {
      values[filled] =
          link.isMultilabel()
              ? scores.labels(probabilities)
              : (Object) (double) scores.predict(probabilities);
    }
    return values;
  }
}
