package io.sparkfocal.ml;

import io.sparkfocal.data.Columns;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.ml.attribute.AttributeGroup;
import org.apache.spark.ml.attribute.NominalAttribute;
import org.apache.spark.ml.linalg.SQLDataTypes;
import org.apache.spark.sql.types.Metadata;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/**
 * The columns that scoring appends; an empty name leaves one out.
 *
 * @param rawPrediction scores of the classes, vector
 * @param probability vector
 * @param prediction double; array of doubles where a row has several labels
 * @param attribution what each feature has to do with the score, vector
 */
record OutputColumns(
    String rawPrediction, String probability, String prediction, String attribution)
    implements Serializable {

  static OutputColumns of(ScoringParams<?> params) {
    return new OutputColumns(
        params.getRawPredictionCol(),
        params.getProbabilityCol(),
        params.getPredictionCol(),
        params.getAttributionCol());
  }

  /**
   * The schema with the columns at its end, with the metadata that Spark ML's own models write: the
   * size of a vector, the number of values of a prediction or their names.
   *
   * @param classes how many there are; 0 where that is not known yet
   * @param classNames names of the classes; may be empty
   * @param isMultilabel whether a row has several labels
   * @param features how many there are; 0 where that is not known yet
   * @throws IllegalArgumentException if one of them exists already
   */
  StructType appendTo(
      StructType schema, int classes, List<String> classNames, boolean isMultilabel, int features) {
    List<StructField> fields = new ArrayList<>(List.of(schema.fields()));
    appendVector(fields, rawPrediction, classes);
    appendVector(fields, probability, classes);
    Metadata values = isMultilabel ? Metadata.empty() : predictionMetadata(classes, classNames);
    append(
        fields,
        new StructField(prediction, ScoreColumns.predictionType(isMultilabel), false, values));
    appendVector(fields, attribution, features);
    return new StructType(fields.toArray(new StructField[0]));
  }

  private static void appendVector(List<StructField> fields, String name, int size) {
    Metadata metadata =
        name.isEmpty() || size == 0
            ? Metadata.empty()
            : new AttributeGroup(name, size).toMetadata();
    append(fields, new StructField(name, SQLDataTypes.VectorType(), true, metadata));
  }

  private static void append(List<StructField> fields, StructField field) {
    if (field.name().isEmpty()) {
      return;
    }
    for (StructField existing : fields) {
      if (Columns.isSame(existing.name(), field.name())) {
        throw new IllegalArgumentException(
            "Output column \"%s\" exists already%s; drop it or choose another name, an empty one for no such column."
                .formatted(
                    field.name(),
                    existing.name().equals(field.name()) ? "" : " as \"" + existing.name() + "\""));
      }
    }
    fields.add(field);
  }

  private Metadata predictionMetadata(int classes, List<String> classNames) {
    if (prediction.isEmpty() || (classes == 0 && classNames.isEmpty())) {
      return Metadata.empty();
    }
    NominalAttribute attribute = NominalAttribute.defaultAttr();
    return classNames.isEmpty()
        ? attribute.withNumValues(classes).toMetadata()
        : attribute.withName(prediction).withValues(classNames.toArray(new String[0])).toMetadata();
  }
}
