package io.sparkfocal.ml;

import io.sparkfocal.blocks.InputBlocks;
import io.sparkfocal.data.Augmentation;
import io.sparkfocal.data.FeatureColumn;
import io.sparkfocal.data.FeatureLayout;
import io.sparkfocal.data.FeaturePlan;
import io.sparkfocal.data.InvalidRows;
import io.sparkfocal.job.TrainingJob;
import io.sparkfocal.network.CnnNetwork;
import io.sparkfocal.network.ImageShape;
import io.sparkfocal.network.MlpNetwork;
import io.sparkfocal.network.NetworkDescription;
import io.sparkfocal.network.ParameterRules;
import io.sparkfocal.network.ResNet18Network;
import io.sparkfocal.network.TabularNetwork;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.apache.spark.ml.param.Param;

/** Which network an estimator trains, and what its features become. */
enum NetworkChoice {
  /** For the columns of a table: categories and missing values are learnt. */
  TABULAR,
  /** A multilayer perceptron of numbers. */
  MLP,
  /** One linear layer. */
  LINEAR,
  /** Convolutions for images. */
  CNN,
  /** ResNet-18. */
  RESNET18,
  /** Of a provider of the user's. */
  PROVIDER,
  /** A file that PyTorch saved. */
  TORCHSCRIPT,
  /** The tabular network or the perceptron, as the rows will tell. */
  OPEN;

  /** Widths of the tabular network's hidden layers where none are set. */
  private static final int[] TABULAR_LAYERS = {256, 256, 256};

  private static final int[] MLP_LAYERS = {128, 128};

  /** As hiddenLayers: those of the network. */
  static final int[] OWN_LAYERS = {0};

  /** As dropout: that of the network. */
  static final double OWN_DROPOUT = -1;

  private static final double TABULAR_DROPOUT = 0.1;

  private static final String TORCHSCRIPT_PREFIX = "torchscript:";

  /**
   * The choice of that name.
   *
   * @throws IllegalArgumentException if there is none
   */
  static NetworkChoice named(String name) {
    return switch (name) {
      case "auto" -> OPEN;
      case "tabular" -> TABULAR;
      case "mlp" -> MLP;
      case "linear" -> LINEAR;
      case "cnn" -> CNN;
      case "resnet18" -> RESNET18;
      default -> torchScript(name);
    };
  }

  private static NetworkChoice torchScript(String name) {
    if (name.startsWith(TORCHSCRIPT_PREFIX) && name.length() > TORCHSCRIPT_PREFIX.length()) {
      return TORCHSCRIPT;
    }
    throw new IllegalArgumentException(
        "network is \"%s\"; it must be auto, tabular, mlp, linear, cnn, resnet18 or torchscript:PATH, or networkProvider a class of your own."
            .formatted(name));
  }

  /** What is known from the params and the columns alone. */
  static NetworkChoice of(FocalLossClassifier params, FeatureLayout layout) {
    if (!params.getNetworkProvider().equals(MlpNetwork.class.getName())) {
      return PROVIDER;
    }
    NetworkChoice named = named(params.getNetwork());
    if (named != OPEN) {
      return named;
    }
    if (layout.kind() == FeatureLayout.Kind.IMAGE) {
      boolean isOfLayers =
          ParamConflicts.isAskedFor(params, params.hiddenLayers())
              || ParamConflicts.isAskedFor(params, params.batchNorm());
      return isOfLayers ? MLP : CNN;
    }
    boolean isOfMlp =
        ofMlp(params).stream().anyMatch(param -> ParamConflicts.isAskedFor(params, param));
    boolean isArray =
        layout.kind() == FeatureLayout.Kind.FLOAT_ARRAY
            || layout.kind() == FeatureLayout.Kind.DOUBLE_ARRAY;
    return isOfMlp || isArray ? MLP : OPEN;
  }

  /** Params that the tabular network does not take alone: who sets one had the perceptron. */
  private static List<Param<?>> ofMlp(FocalLossClassifier params) {
    return List.of(
        params.hiddenLayers(), params.dropout(), params.batchNorm(), params.standardization());
  }

  /** The choice when the rows are known: wide and sparse ones are for the perceptron. */
  NetworkChoice resolved(InputBlocks rows) {
    if (this != OPEN) {
      return this;
    }
    return rows.isSparse() || rows.width() > TabularNetwork.MOST_FEATURES ? MLP : TABULAR;
  }

  /** What is done with missing features while rows are read: only one network learns them. */
  InvalidRows invalid(InvalidRows wanted) {
    boolean learns = this == TABULAR || this == OPEN;
    return wanted == InvalidRows.KEEP && !learns ? InvalidRows.ERROR : wanted;
  }

  /**
   * Requires columns that the network takes.
   *
   * @throws IllegalArgumentException if there are images or texts and the network takes none
   */
  void requireColumns(FocalLossClassifier params, FeatureLayout layout) {
    requireShape(params, layout);
    if (this == TABULAR && layout.kind() == FeatureLayout.Kind.IMAGE) {
      throw new IllegalArgumentException(
          "%s has images, which network tabular does not take; set network to cnn or resnet18."
              .formatted(layout.describe()));
    }
    if (this == TABULAR || this == OPEN) {
      return;
    }
    for (FeatureColumn part : layout.parts()) {
      if (part.form() == FeatureColumn.Form.TEXT) {
        throw new IllegalArgumentException(
            "Column \"%s\" (featuresCols) has type string, which network %s does not take; set network to tabular, or index the column with StringIndexer."
                .formatted(part.name(), label()));
      }
    }
  }

  /** A shape is for images, and so are random changes. */
  private void requireShape(FocalLossClassifier params, FeatureLayout layout) {
    boolean isOfImages =
        this == CNN || this == RESNET18 || layout.kind() == FeatureLayout.Kind.IMAGE;
    boolean isTable = this == TABULAR || this == OPEN;
    for (Param<?> random : List.of(params.randomHorizontalFlip(), params.randomCropPadding())) {
      if (!ParamConflicts.isAskedFor(params, random)) {
        continue;
      }
      if (isTable || params.getInputShape().length != 3) {
        throw new IllegalArgumentException(
            "%s is %s, but the rows are not known to be images; set inputShape to channels, height and width, and network to cnn or resnet18, or clear %1$s."
                .formatted(random.name(), params.getOrDefault(random)));
      }
      isOfImages = true;
    }
    if (ParamConflicts.isAskedFor(params, params.inputShape())
        && !isOfImages
        && this != TORCHSCRIPT) {
      throw new IllegalArgumentException(
          "inputShape is %s, but network %s has no use for it, and column \"%s\" has no images; clear inputShape, or set network to cnn or resnet18."
              .formatted(
                  Arrays.toString(params.getInputShape()), label(), layout.parts().get(0).name()));
    }
  }

  /**
   * Requires rows that the network takes.
   *
   * @throws IllegalArgumentException if features are missing, or there are too many
   */
  void requireRows(FocalLossClassifier params, InputBlocks rows, FeatureLayout layout) {
    if (this == TABULAR) {
      if (rows.width() > TabularNetwork.MOST_FEATURES) {
        throw new IllegalArgumentException(
            "network is tabular, but there are %s features; it takes at most %s: set network to mlp."
                .formatted(rows.width(), TabularNetwork.MOST_FEATURES));
      }
      if (params.getPrecision().equals("float16")) {
        throw new IllegalArgumentException(
            "precision is float16, which does not hold the numbers of categories of network tabular; set precision to float32, or network to mlp.");
      }
      return;
    }
    requireColumns(params, layout);
    if (rows.missingRows() > 0) {
      throw new IllegalArgumentException(
          "%s of the rows lack a feature, which network %s does not take (the default where most values are 0 or there are more than %s features); set handleInvalid to skip, or network to tabular."
              .formatted(rows.missingRows(), label(), TabularNetwork.MOST_FEATURES));
    }
  }

  /** How features are encoded. */
  FeaturePlan encoding(FocalLossClassifier params, InputBlocks rows, FeatureLayout layout) {
    if (this == TABULAR) {
      return FeaturePlan.table(layout, rows.widths(), params.getMaxCategories());
    }
    boolean standardized =
        this == TORCHSCRIPT
            // A network that was trained elsewhere knows its features as they were there.
            ? params.getTorchScriptStandardization()
            : params.getStandardization();
    FeaturePlan plan =
        layout.kind() == FeatureLayout.Kind.IMAGE
            ? FeaturePlan.images(layout, standardized)
            : FeaturePlan.numbers(standardized);
    return plan.with(augmentation(params, rows.width()));
  }

  private static Augmentation augmentation(FocalLossClassifier params, int width) {
    if (!params.getRandomHorizontalFlip() && params.getRandomCropPadding() == 0) {
      return Augmentation.NONE;
    }
    ImageShape shape = ImageShape.of(params.getInputShape());
    shape.requireSize(width);
    if (params.getRandomCropPadding() >= Math.min(shape.height(), shape.width())) {
      throw new IllegalArgumentException(
          "randomCropPadding is %s, but images have %s x %s pixels; lower it."
              .formatted(params.getRandomCropPadding(), shape.height(), shape.width()));
    }
    return new Augmentation(shape, params.getRandomHorizontalFlip(), params.getRandomCropPadding());
  }

  /** The network, without what only the ranks will know. */
  NetworkDescription network(
      FocalLossClassifier params, int features, int outputs, boolean sigmoid, TrainingJob job) {
    return switch (this) {
      case TABULAR ->
          new NetworkDescription(
              TabularNetwork.class.getName(),
              TabularNetwork.arguments(
                  hiddenLayers(params, TABULAR_LAYERS), dropout(params, TABULAR_DROPOUT), sigmoid),
              features,
              outputs);
      case PROVIDER ->
          new NetworkDescription(
              params.getNetworkProvider(), pairs(params.getNetworkArguments()), features, outputs);
      case CNN -> ofImages(CnnNetwork.class, params, features, outputs);
      case RESNET18 -> ofImages(ResNet18Network.class, params, features, outputs);
      case TORCHSCRIPT -> torchScript(params, features, outputs, job);
      case LINEAR ->
          new NetworkDescription(
              MlpNetwork.class.getName(),
              MlpNetwork.arguments(new int[0], 0, false),
              features,
              outputs);
      case MLP, OPEN ->
          new NetworkDescription(
              MlpNetwork.class.getName(),
              withScope(
                  params,
                  MlpNetwork.arguments(
                      hiddenLayers(params, MLP_LAYERS), dropout(params, 0), params.getBatchNorm())),
              features,
              outputs);
    };
  }

  /** Those that were set, else others. */
  static int[] hiddenLayers(FocalLossClassifier params, int... otherwise) {
    int[] set = params.getHiddenLayers();
    return Arrays.equals(set, OWN_LAYERS) ? otherwise : set;
  }

  private static double dropout(FocalLossClassifier params, double otherwise) {
    return params.getDropout() == OWN_DROPOUT ? otherwise : params.getDropout();
  }

  private static NetworkDescription ofImages(
      Class<?> provider, FocalLossClassifier params, int features, int outputs) {
    Map<String, String> arguments = new TreeMap<>();
    arguments.put(
        "inputShape",
        Arrays.stream(params.getInputShape())
            .mapToObj(Integer::toString)
            .collect(Collectors.joining(",")));
    arguments.put("dropout", Double.toString(dropout(params, 0)));
    return new NetworkDescription(
        provider.getName(), withScope(params, arguments), features, outputs);
  }

  private static Map<String, String> withScope(
      FocalLossClassifier params, Map<String, String> arguments) {
    if (params.getBatchNormScope().equals("local")) {
      arguments.put("batchNormScope", "local");
    }
    return arguments;
  }

  private static NetworkDescription torchScript(
      FocalLossClassifier params, int features, int outputs, TrainingJob job) {
    Map<String, Double> rates = new LinkedHashMap<>();
    for (String rate : params.getLearningRateFactors()) {
      int equals = rate.lastIndexOf('=');
      try {
        rates.put(rate.substring(0, equals), Double.valueOf(rate.substring(equals + 1)));
      } catch (NumberFormatException e) {
        throw new IllegalArgumentException(
            "learningRateFactors has \"%s\", which is no pattern=number.".formatted(rate), e);
      }
    }
    return NetworkDescription.torchScript(
        job.torchScript(params.getNetwork().substring(TORCHSCRIPT_PREFIX.length())),
        params.getInputShape(),
        new ParameterRules(List.of(params.getFrozenParameters()), rates),
        features,
        outputs);
  }

  private static Map<String, String> pairs(String... texts) {
    return Arrays.stream(texts)
        .map(pair -> pair.split("=", 2))
        .collect(Collectors.toMap(p -> p[0], p -> p[1], (first, last) -> last, TreeMap::new));
  }

  /** As messages name it. */
  private String label() {
    return switch (this) {
      case PROVIDER -> "of a provider";
      case OPEN -> "auto";
      default -> name().toLowerCase(java.util.Locale.ROOT);
    };
  }
}
