package io.sparkfocal.persist;

import static io.sparkfocal.testing.BadInput.earlyLike;

import io.sparkfocal.ml.FocalLossClassificationModel;
import io.sparkfocal.testing.BadInput;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/** Files of models and checkpoints that are missing, damaged or something else. */
public final class BadFiles {

  private static final String AGAIN = "; copy or save the model again\\.";

  private BadFiles() {}

  private static BadInput weights(String name, String regex, UnaryOperator<byte[]> damage) {
    return earlyLike(
        "weights: " + name,
        "w is damaged or no safetensors file of this library: " + regex + AGAIN,
        place -> FileBytes.tensors(damage.apply(FuzzSeeds.safetensors()), "w"));
  }

  /** The seed's network file with a text replaced. */
  private static BadInput network(String name, String regex, String from, String to) {
    return earlyLike("network.json: " + name, "n " + regex, place -> decode(from, to));
  }

  private static void decode(String from, String to) {
    byte[] model = FuzzSeeds.model();
    int end = new String(model, StandardCharsets.ISO_8859_1).indexOf(0);
    String json = new String(model, 0, end, StandardCharsets.UTF_8);
    if (!json.contains(from)) {
      throw new AssertionError("no " + from + " in " + json);
    }
    byte[] changed = json.replace(from, to).getBytes(StandardCharsets.UTF_8);
    byte[] tensors = Arrays.copyOfRange(model, end + 1, model.length);
    try {
      ModelFiles.decode(changed, "n", FileBytes.of(tensors), "w");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static byte[] headed(long length, byte[] file) {
    ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).putLong(length);
    return file;
  }

  private static byte[] replaced(byte[] file, String from, String to) {
    String text = new String(file, StandardCharsets.ISO_8859_1);
    if (!text.contains(from) || from.length() != to.length()) {
      throw new AssertionError("no " + from + " in " + text);
    }
    return text.replace(from, to).getBytes(StandardCharsets.ISO_8859_1);
  }

  /** All of them. */
  public static List<BadInput> all() {
    String damaged = "is damaged: ";
    return List.of(
        earlyLike(
            "a model that is not there",
            ".*/nowhere/network\\.json does not exist; the folder is no saved FocalLossClassificationModel\\.",
            place -> FocalLossClassificationModel.load(place.folder() + "/nowhere")),
        weights("nothing", "its header length is -1", file -> new byte[0]),
        weights(
            "cut off",
            "the shape of tensor \"w\" does not fit the file",
            file -> Arrays.copyOf(file, file.length - 8)),
        weights(
            "a header of petabytes", "its header length is \\d+", file -> headed(1L << 50, file)),
        weights("a header of negative length", "its header length is -5", file -> headed(-5, file)),
        weights(
            "no JSON",
            "its header is no JSON",
            file -> replaced(file, "{\"__metadata", "<\"__metadata")),
        weights(
            "another type",
            "tensor \"w\" is neither F32 nor F64 nor U8",
            file -> replaced(file, "\"F32\"", "\"I32\"")),
        weights(
            "a negative shape",
            "the shape of tensor \"w\" does not fit the file",
            file -> replaced(file, "[2,3]", "[-2] ")),
        weights(
            "more bytes than tensors",
            "8 bytes belong to no tensor",
            file -> Arrays.copyOf(file, file.length + 8)),
        network("no JSON", damaged + "it is no JSON" + AGAIN, "{", "<"),
        network(
            "of the future",
            "has format 5, but this version reads formats 1 to 4; use the version that saved it\\.",
            "\"format\":1",
            "\"format\":5"),
        network(
            "too few means",
            damaged + "2 features, but 1 means and 2 scales" + AGAIN,
            "\"means\":[0,0]",
            "\"means\":[0]"),
        network(
            "another number of classes",
            damaged + "7 classes, but 2 outputs and 2 names of classes" + AGAIN,
            "\"classes\":2",
            "\"classes\":7"),
        network(
            "a temperature of 0",
            damaged + "link softmax, temperature 0.0 and 0 offsets for 2 outputs" + AGAIN,
            "1.5",
            "0"),
        network(
            "an unknown link",
            damaged + "link probit, .*" + AGAIN,
            "\"link\":\"softmax\"",
            "\"link\":\"probit\""),
        network(
            "layers that the weights do not fill",
            damaged + "its layers have \\d+ values, but the weights 6" + AGAIN,
            "\"hiddenLayers\":\"\"",
            "\"hiddenLayers\":\"9\""),
        network(
            "layers beyond counting",
            damaged + "its layers have more values than can be counted" + AGAIN,
            "\"hiddenLayers\":\"\"",
            "\"hiddenLayers\":\"2000000000,2000000000,2000000000,2000000000\""),
        earlyLike(
            "network.json: widths that are words",
            "hiddenLayers is \"wide\"; give whole numbers of at least 1, separated by commas\\.",
            place -> decode("\"hiddenLayers\":\"\"", "\"hiddenLayers\":\"wide\"")),
        earlyLike(
            "checkpoint: of something else",
            "c is damaged or no checkpoint of this library: it says nothing of a run\\.",
            place -> FileBytes.checkpoint(FuzzSeeds.safetensors(), "c")),
        earlyLike(
            "checkpoint: of the future",
            "c is damaged or no checkpoint of this library: its format is \"6\"\\.",
            place ->
                FileBytes.checkpoint(
                    replaced(
                        FuzzSeeds.checkpoint(),
                        "\\\"format\\\":\\\"5\\\"",
                        "\\\"format\\\":\\\"6\\\""),
                    "c")),
        earlyLike(
            "checkpoint: of another loss",
            "Checkpoint c has another loss: nothing, but this fit has focal; set another checkpointDir, or resume to false\\.",
            place ->
                FileBytes.checkpoint(FuzzSeeds.checkpoint(), "c")
                    .requirePlan(Map.of("loss", "focal"), "c")));
  }
}
