package io.sparkfocal.persist;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sparkfocal.data.CategoryEncoding;
import io.sparkfocal.data.FeatureEncoding;
import io.sparkfocal.data.ImageEncoding;
import io.sparkfocal.data.NumberEncoding;
import io.sparkfocal.data.Standardization;
import io.sparkfocal.data.TableEncoding;
import io.sparkfocal.network.ImageShape;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** The encoding of the features in files: as JSON, and beside tensors. */
public final class EncodingFile {

  private static final ObjectMapper JSON = new ObjectMapper();

  /** A tensor of bytes, for all but a standardization; earlier versions had it in the metadata. */
  private static final String TABLE = "table";

  private static final String SHAPE = "inputShape";
  private static final double MOST_PIXELS = 1 << 16;
  private static final String MEANS = "means";
  private static final String SCALES = "scales";
  private static final String EXACT = "exact";

  private EncodingFile() {}

  /** Adds its tensors; dictionaries may be longer than a header. */
  public static void add(SafetensorsWriter file, FeatureEncoding encoding) {
    if (encoding instanceof Standardization standardization) {
      int width = standardization.features();
      file.add(MEANS, new long[] {width}, standardization.means());
      file.add(SCALES, new long[] {width}, standardization.scales());
      double[] exact = standardization.exactIndices();
      file.add(EXACT, new long[] {exact.length}, exact);
    } else {
      file.add(TABLE, bytes(encoding));
    }
  }

  /** Of a file that has what {@link #add} added. */
  public static FeatureEncoding read(Safetensors file) throws IOException {
    if (file.has(TABLE)) {
      return encoding(JSON.readTree(file.bytes(TABLE)));
    }
    String table = file.metadata().get(TABLE);
    return table == null
        ? new Standardization(file.doubles(MEANS), file.doubles(SCALES))
            .withExact(file.doubles(EXACT))
        : encoding(JSON.readTree(table));
  }

  /**
   * Of a table types and widths of the columns, and of each feature name, missing, and knots,
   * scores, median, scale or values; of images inputShape, means and scales.
   */
  static ObjectNode json(FeatureEncoding encoding) {
    ObjectNode whole = JSON.createObjectNode();
    if (encoding instanceof ImageEncoding images) {
      ImageShape shape = images.shape();
      whole.putArray(SHAPE).add(shape.channels()).add(shape.height()).add(shape.width());
      whole.set(MEANS, JSON.valueToTree(images.means()));
      whole.set(SCALES, JSON.valueToTree(images.scales()));
    } else {
      addTable((TableEncoding) encoding, whole);
    }
    return whole;
  }

  private static void addTable(TableEncoding table, ObjectNode whole) {
    whole.set("types", JSON.valueToTree(table.types()));
    whole.set("widths", JSON.valueToTree(table.widths()));
    ArrayNode features = whole.putArray("features");
    for (TableEncoding.Feature feature : table.encoded()) {
      ObjectNode node = features.addObject();
      node.put("name", feature.name()).put("missing", feature.missing());
      NumberEncoding number = feature.number();
      CategoryEncoding category = feature.category();
      if (number != null) {
        node.set("knots", JSON.valueToTree(number.knots()));
        node.set("scores", JSON.valueToTree(number.scores()));
        node.put("median", number.median()).put("scale", number.scale());
        node.put("exact", number.exact());
      } else if (category != null) {
        node.set("values", JSON.valueToTree(category.values()));
      }
    }
  }

  /**
   * Of what {@link #json} made.
   *
   * @throws IllegalArgumentException if it is damaged
   */
  static FeatureEncoding encoding(JsonNode whole) {
    return whole.has(SHAPE) ? images(whole) : table(whole);
  }

  private static ImageEncoding images(JsonNode whole) {
    double[] means = ModelFiles.doubles(whole.path(MEANS));
    double[] scales = ModelFiles.doubles(whole.path(SCALES));
    double[] numbers = ModelFiles.doubles(whole.path(SHAPE));
    if (numbers.length != 3
        || means.length != numbers[0]
        || scales.length != numbers[0]
        || Arrays.stream(numbers).anyMatch(n -> !(n >= 1 && n <= MOST_PIXELS))
        || numbers[0] * numbers[1] * numbers[2] > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(
          "inputShape is %s, with %s means and %s scales"
              .formatted(Arrays.toString(numbers), means.length, scales.length));
    }
    return new ImageEncoding(
        new ImageShape((int) numbers[0], (int) numbers[1], (int) numbers[2]), means, scales);
  }

  private static TableEncoding table(JsonNode whole) {
    List<String> types = new ArrayList<>();
    whole.path("types").forEach(type -> types.add(type.asText()));
    List<Integer> widths = new ArrayList<>();
    whole.path("widths").forEach(width -> widths.add(width.asInt()));
    List<TableEncoding.Feature> encoded = new ArrayList<>();
    for (JsonNode node : whole.path("features")) {
      boolean isNumber = node.has("knots");
      encoded.add(
          new TableEncoding.Feature(
              node.path("name").asText(),
              isNumber ? number(node) : null,
              isNumber ? null : category(node),
              node.path("missing").asBoolean()));
    }
    if (types.size() != widths.size()
        || widths.stream().mapToInt(Integer::intValue).sum() != encoded.size()) {
      throw new IllegalArgumentException(
          "%s columns with %s features, but %s features are described"
              .formatted(types.size(), widths, encoded.size()));
    }
    return new TableEncoding(encoded, types, widths);
  }

  private static NumberEncoding number(JsonNode node) {
    double[] knots = ModelFiles.doubles(node.path("knots"));
    double[] scores = ModelFiles.doubles(node.path("scores"));
    for (int i = 1; i < knots.length; i++) {
      if (!(knots[i - 1] < knots[i])) {
        throw new IllegalArgumentException(
            "feature %s has knots that do not ascend".formatted(node.path("name")));
      }
    }
    if (scores.length != knots.length) {
      throw new IllegalArgumentException(
          "feature %s has %s knots, but %s scores"
              .formatted(node.path("name"), knots.length, scores.length));
    }
    return new NumberEncoding(
        knots,
        scores,
        node.path("median").asDouble(),
        node.path("scale").asDouble(),
        node.path("exact").asBoolean());
  }

  private static CategoryEncoding category(JsonNode node) {
    if (!node.path("values").isArray()) {
      throw new IllegalArgumentException(
          "feature %s is neither a number nor a category".formatted(node.path("name")));
    }
    List<String> values = new ArrayList<>();
    node.path("values").forEach(value -> values.add(value.asText()));
    return new CategoryEncoding(values);
  }

  /** As bytes, for a broadcast. */
  public static byte[] bytes(FeatureEncoding table) {
    try {
      return JSON.writeValueAsBytes(json(table));
    } catch (IOException e) {
      throw new IllegalStateException("An encoding cannot be written as JSON.", e);
    }
  }

  /** Of {@link #bytes}. */
  public static FeatureEncoding encoding(byte... bytes) {
    try {
      return encoding(JSON.readTree(bytes));
    } catch (IOException e) {
      throw new IllegalStateException("An encoding that was sent is no JSON.", e);
    }
  }
}
