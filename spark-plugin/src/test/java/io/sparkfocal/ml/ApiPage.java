package io.sparkfocal.ml;

import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.ml.param.Param;

/** The text of {@code docs/api.md}: every param with its default, allowed values and meaning. */
final class ApiPage {

  private static final Map<Class<?>, String> GROUPS = groups();

  private static final Map<String, String> OF_SPARK =
      Map.of(
          "featuresCol",
          "column of a vector or an array of numbers, or of images: the bytes of files, or what Spark's image source makes of them",
          "labelCol",
          "column of the label, whole numbers from 0; or of several labels of a row, an array or a vector of numbers from 0 to 1",
          "predictionCol",
          "column of the predicted class, a double, or of several labels the array of their indices; empty for none",
          "probabilityCol",
          "column of the class probabilities, a vector; empty for none",
          "rawPredictionCol",
          "column of the logits, a vector, with two classes minus and plus the margin or half of it; empty for none");

  private ApiPage() {}

  private static Map<Class<?>, String> groups() {
    Map<Class<?>, String> groups = new LinkedHashMap<>();
    groups.put(ScoringParams.class, "Columns, of the estimator and of the model");
    groups.put(RowParams.class, "Rows");
    groups.put(NetworkParams.class, "Network");
    groups.put(ImageParams.class, "Images");
    groups.put(LossParams.class, "Loss");
    groups.put(OptimizationParams.class, "Optimization");
    groups.put(CalibrationParams.class, "Calibration and thresholds");
    groups.put(PlacementParams.class, "Workers");
    groups.put(TrackingParams.class, "Tracking");
    groups.put(RecoveryParams.class, "Recovery");
    return groups;
  }

  static String text() {
    FocalLossClassifier estimator = new FocalLossClassifier("estimator");
    StringBuilder page =
        new StringBuilder(
            """
            # Params

            Of `FocalLossClassifier`: each has a setter and a getter of its name, and `explainParams()` tells the same. This page is made from the code:
            `mvn -pl spark-plugin -am test -Dtest=ApiPageTest -Dsurefire.failIfNoSpecifiedTests=false -Dspark-focal.docs=write` writes it again, and a test compares it.
            """);
    GROUPS.forEach((group, title) -> page.append(table(group, title, estimator)));
    return page.toString();
  }

  /** Names of the params on the page. */
  static List<String> names() {
    FocalLossClassifier estimator = new FocalLossClassifier("estimator");
    return GROUPS.keySet().stream()
        .flatMap(group -> params(group, estimator).stream())
        .map(Param::name)
        .toList();
  }

  private static String table(Class<?> group, String title, FocalLossClassifier estimator) {
    StringBuilder table =
        new StringBuilder(
            "\n## %s\n\n| param | default | allowed | meaning |\n|-|-|-|-|\n".formatted(title));
    for (Param<?> param : params(group, estimator)) {
      table.append(
          "| `%s` | %s | %s | %s |\n"
              .formatted(
                  param.name(),
                  cell(defaultOf(param, estimator)),
                  cell(allowed(param)),
                  cell(meaning(param))));
    }
    return table.toString();
  }

  static List<Param<?>> params(Class<?> group, FocalLossClassifier estimator) {
    List<Param<?>> params = new ArrayList<>();
    for (Method method : group.getDeclaredMethods()) {
      if (Param.class.isAssignableFrom(method.getReturnType())) {
        params.add(estimator.getParam(method.getName()));
      }
    }
    params.sort(Comparator.comparing(Param::name));
    return params;
  }

  /** What a param means; of Spark's own, which say little, what they mean here. */
  static String meaning(Param<?> param) {
    return OF_SPARK.getOrDefault(param.name(), param.doc());
  }

  static String defaultOf(Param<?> param, FocalLossClassifier estimator) {
    if (!estimator.hasDefault(param)) {
      return "not set";
    }
    Object value = estimator.getDefault(param).get();
    if (value.equals("")) {
      return "empty";
    }
    if (value instanceof int[] numbers) {
      return numbers.length == 0 ? "none" : Arrays.toString(numbers);
    }
    if (value instanceof double[] numbers) {
      return numbers.length == 0 ? "none" : Arrays.toString(numbers);
    }
    if (value instanceof Object[] texts) {
      return texts.length == 0 ? "none" : Arrays.toString(texts);
    }
    return String.valueOf(value);
  }

  /** What a check demands; what it says against a text that is none of those it knows. */
  static String allowed(Param<?> param) {
    for (Object unknown : new Object[] {"?", new String[] {"?"}, new int[] {-1}, -1.5, 1e9, -2}) {
      String said = said(param, unknown);
      for (String beforeDemand : List.of("it must be ", "choose ")) {
        int at = said.indexOf(beforeDemand);
        if (at >= 0) {
          return said.substring(at + beforeDemand.length()).replaceAll("[.]$", "");
        }
      }
    }
    return switch (param.getClass().getSimpleName()) {
      case "StringArrayParam" -> "texts";
      case "DoubleArrayParam" -> "numbers";
      case "BooleanParam" -> "true or false";
      case "LongParam" -> "a whole number";
      case "ModelParam" -> "a model, or a path";
      default -> "a text";
    };
  }

  /** Against a value; nothing if it is allowed, or of another type. */
  private static String said(Param<?> param, Object value) {
    try {
      Method apply = Param.class.getMethod("validate", Object.class);
      apply.invoke(param, value);
    } catch (ReflectiveOperationException e) {
      Throwable cause = e.getCause();
      return cause instanceof IllegalArgumentException ? String.valueOf(cause.getMessage()) : "";
    }
    return "";
  }

  private static String cell(String text) {
    return text.replace("|", "\\|").replace("\n", " ");
  }
}
