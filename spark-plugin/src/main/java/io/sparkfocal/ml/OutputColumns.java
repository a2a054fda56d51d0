package io.sparkfocal.ml;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.ml.attribute.NominalAttribute;
import org.apache.spark.ml.linalg.SQLDataTypes;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.Metadata;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/**
 * The columns that scoring appends; an empty name leaves one out.
 *
 * @param rawPrediction logits, vector
 * @param probability vector
 * @param prediction double
 * @param classNames for the metadata of the prediction; may be empty
 */
record OutputColumns(
    String rawPrediction, String probability, String prediction, List<String> classNames)
    implements Serializable {

  static OutputColumns of(ScoringParams<?> params, List<String> classNames) {
    return new OutputColumns(
        params.getRawPredictionCol(),
        params.getProbabilityCol(),
        params.getPredictionCol(),
        List.copyOf(classNames));
  }

  /**
   * The schema with the columns at its end.
   *
   * @throws IllegalArgumentException if one of them exists already
   */
  StructType appendTo(StructType schema) {
    List<StructField> fields = new ArrayList<>(List.of(schema.fields()));
    append(
        fields, new StructField(rawPrediction, SQLDataTypes.VectorType(), true, Metadata.empty()));
    append(fields, new StructField(probability, SQLDataTypes.VectorType(), true, Metadata.empty()));
    append(fields, new StructField(prediction, DataTypes.DoubleType, false, predictionMetadata()));
    return new StructType(fields.toArray(new StructField[0]));
  }

  private static void append(List<StructField> fields, StructField field) {
    if (field.name().isEmpty()) {
      return;
    }
    if (fields.stream().anyMatch(f -> f.name().equals(field.name()))) {
      throw new IllegalArgumentException(
          "Output column \"%s\" exists already; drop it or choose another name, an empty one for no such column."
              .formatted(field.name()));
    }
    fields.add(field);
  }

  private Metadata predictionMetadata() {
    if (classNames.isEmpty() || prediction.isEmpty()) {
      return Metadata.empty();
    }
    return NominalAttribute.defaultAttr()
        .withName(prediction)
        .withValues(classNames.toArray(new String[0]))
        .toMetadata();
  }
}
