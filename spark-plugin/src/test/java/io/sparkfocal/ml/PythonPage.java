package io.sparkfocal.ml;

import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.apache.spark.ml.param.Param;

/** The text of {@code python/src/sparkfocal/_generated.py}: the params as pyspark has params. */
final class PythonPage {

  /** Of pyspark's own classifiers, with their getters and setters. */
  private static final Set<String> OF_SPARK =
      Set.of(
          "featuresCol",
          "labelCol",
          "predictionCol",
          "probabilityCol",
          "rawPredictionCol",
          "thresholds");

  private static final int WIDTH = 96;

  private PythonPage() {}

  /** How a param's values are written in Python. */
  private record Kind(String type, String converter) {

    static Kind of(Param<?> param) {
      return switch (param.getClass().getSimpleName()) {
        case "BooleanParam" -> new Kind("bool", "TypeConverters.toBoolean");
        case "IntParam", "LongParam" -> new Kind("int", "TypeConverters.toInt");
        case "DoubleParam" -> new Kind("float", "TypeConverters.toFloat");
        case "StringArrayParam" -> new Kind("List[str]", "TypeConverters.toListString");
        case "IntArrayParam" -> new Kind("List[int]", "TypeConverters.toListInt");
        case "DoubleArrayParam" -> new Kind("List[float]", "TypeConverters.toListFloat");
        case "ModelParam" -> new Kind("Any", "model_or_path");
        default -> new Kind("str", "TypeConverters.toString");
      };
    }
  }

  static String text() {
    FocalLossClassifier estimator = new FocalLossClassifier("estimator");
    List<Param<?>> ofBoth =
        ApiPage.params(ScoringParams.class, estimator).stream()
            .filter(param -> !OF_SPARK.contains(param.name()))
            .toList();
    Set<String> shared = ofBoth.stream().map(Param::name).collect(Collectors.toSet());
    List<Param<?>> ofEstimator =
        Arrays.<Param<?>>stream(estimator.params())
            .filter(p -> !OF_SPARK.contains(p.name()) && !shared.contains(p.name()))
            .toList();
    return HEAD
        + mixin("_ScoringParams", "Params", "Params of estimator and model.", ofBoth, estimator)
        + mixin(
            "_ClassifierParams",
            "_ScoringParams",
            "Params of the estimator alone.",
            ofEstimator,
            estimator)
        + constructor(estimator);
  }

  private static final String HEAD =
      """
      # Written from the Java params by PythonPageTest; CONTRIBUTING.md has the command. Not to be edited.
      \"""Params of the estimator and of the model.\"""

      from typing import TYPE_CHECKING, Any, Dict, List, Optional, TypeVar

      from pyspark import keyword_only
      from pyspark.ml.classification import _JavaProbabilisticClassifier
      from pyspark.ml.param import Param, Params, TypeConverters

      from sparkfocal._java import model_or_path

      if TYPE_CHECKING:
          from sparkfocal.classifier import FocalLossClassificationModel

      _S = TypeVar("_S", bound=Params)
      """;

  private static String mixin(
      String name, String base, String doc, List<Param<?>> params, FocalLossClassifier estimator) {
    StringBuilder text = new StringBuilder();
    text.append("\n\nclass %s(%s):\n    \"\"\"%s\"\"\"\n".formatted(name, base, doc));
    for (Param<?> param : params) {
      Kind kind = Kind.of(param);
      text.append(
          """

              %s: "Param[%s]" = Param(
                  Params._dummy(),  # type: ignore[attr-defined,no-untyped-call,unused-ignore]
                  "%1$s",
                  %s,
                  typeConverter=%s,
              )
          """
              .formatted(
                  param.name(),
                  kind.type(),
                  quoted(ApiPage.meaning(param), "            "),
                  kind.converter()));
    }
    text.append("\n    def __init__(self, *args: Any) -> None:\n");
    text.append("        super().__init__(*args)\n        self._setDefault(\n");
    for (Param<?> param : params) {
      if (estimator.hasDefault(param)) {
        text.append("            %s=%s,\n".formatted(param.name(), literal(param, estimator)));
      }
    }
    text.append("        )\n");
    for (Param<?> param : params) {
      text.append(accessors(param));
    }
    return text.toString();
  }

  private static String accessors(Param<?> param) {
    String name = param.name();
    String upper = Character.toUpperCase(name.charAt(0)) + name.substring(1);
    String type = Kind.of(param).type();
    return """

            def get%s(self) -> %s:
                \"""Value of %s.\"""
                return self.getOrDefault(self.%3$s)

            def set%1$s(self: _S, value: %2$s) -> _S:
                \"""Sets %3$s.\"""
                return self._set(%3$s=value)
        """
        .formatted(upper, type, name);
  }

  private static String constructor(FocalLossClassifier estimator) {
    StringBuilder text =
        new StringBuilder(
            """


            class _GeneratedClassifier(
                _JavaProbabilisticClassifier["FocalLossClassificationModel"], _ClassifierParams
            ):
                \"""Constructor and ``setParams``, by keywords.\"""

                _input_kwargs: Dict[str, Any]
            """);
    text.append("\n    @keyword_only\n    def __init__(\n");
    text.append(signature(estimator));
    text.append("    ) -> None:\n        \"\"\"\n");
    for (String name : names(estimator)) {
      Param<?> param = estimator.getParam(name);
      text.append(
          "        :param %s: %s (default %s; %s)\n"
              .formatted(
                  name,
                  ApiPage.meaning(param).replace("\\", "\\\\"),
                  ApiPage.defaultOf(param, estimator),
                  ApiPage.allowed(param).replace("\\", "\\\\")));
    }
    text.append(
        """
                \"""
                super().__init__()
                self._java_obj = self._new_java_obj("io.sparkfocal.ml.FocalLossClassifier", self.uid)
                self._set(**self._input_kwargs)

            @keyword_only
            def setParams(
        """);
    text.append(signature(estimator).replace("        self,", "        self: _S,"));
    text.append(
        """
            ) -> _S:
                \"""Sets params; the constructor says what each means.\"""
                return self._set(**self._input_kwargs)  # type: ignore[attr-defined]
        """);
    return text.toString();
  }

  private static Set<String> names(FocalLossClassifier estimator) {
    return Arrays.stream(estimator.params())
        .map(Param::name)
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private static String signature(FocalLossClassifier estimator) {
    StringBuilder text = new StringBuilder("        self,\n        *,\n");
    for (String name : names(estimator)) {
      Param<?> param = estimator.getParam(name);
      String type = Kind.of(param).type();
      boolean has = estimator.hasDefault(param) && !type.startsWith("List");
      text.append(
          has
              ? "        %s: Optional[%s] = %s,\n".formatted(name, type, literal(param, estimator))
              : "        %s: Optional[%s] = None,\n".formatted(name, type));
    }
    return text.toString();
  }

  private static String literal(Param<?> param, FocalLossClassifier estimator) {
    Object value = estimator.getDefault(param).get();
    if (value instanceof Boolean flag) {
      return flag ? "True" : "False";
    }
    if (value instanceof Number) {
      return value.toString();
    }
    if (value instanceof int[] numbers) {
      return Arrays.toString(numbers);
    }
    if (value instanceof double[] numbers) {
      return Arrays.toString(numbers);
    }
    if (value instanceof Object[] texts) {
      return Arrays.stream(texts)
          .map(t -> "\"" + t + "\"")
          .collect(Collectors.joining(", ", "[", "]"));
    }
    return "\"" + value + "\"";
  }

  /** A text as one literal, in several lines where it is long. */
  private static String quoted(String text, String indent) {
    String escaped = text.replace("\\", "\\\\").replace("\"", "\\\"");
    if (escaped.length() + indent.length() < WIDTH) {
      return "\"" + escaped + "\"";
    }
    StringBuilder lines = new StringBuilder();
    String rest = escaped;
    int most = WIDTH - indent.length();
    while (rest.length() > most) {
      int at = rest.lastIndexOf(' ', most) + 1;
      lines.append('"').append(rest, 0, at).append("\"\n").append(indent);
      rest = rest.substring(at);
    }
    return lines.append('"').append(rest).append('"').toString();
  }
}
