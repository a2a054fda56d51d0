package io.sparkfocal.export;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.LocalDateTime;
import java.util.List;
import java.util.stream.Collectors;
import java.util.zip.Deflater;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * Writes a {@link Graph} as a file of {@code torch.jit.save}: a ZIP archive with the code, a pickle
 * of the object and a file for each tensor (torch/csrc/jit/docs/serialization.md).
 *
 * <p>{@code forward} takes features, float or double, of shape (F) or (B, F), and gives float32
 * probabilities; {@code logits} gives the network's logits. No tensor requires a gradient.
 */
final class TorchScriptWriter {

  /** What every PyTorch since 1.6 reads. */
  private static final String VERSION = "3\n";

  private static final String CLASS = "FocalNetwork";
  private static final byte[] NO_CONSTANTS = {(byte) 0x80, 2, ')', '.'};

  private final Graph graph;
  private final String metadata;

  /**
   * For that graph.
   *
   * @param metadata the text of the extra file {@link ModelMetadata#FILE}
   */
  TorchScriptWriter(Graph graph, String metadata) {
    this.graph = graph;
    this.metadata = metadata;
  }

  /** Writes the file; the same graph gives the same bytes. */
  void write(OutputStream out) throws IOException {
    PickledModule module = new PickledModule(CLASS);
    List<Tensor> tensors = graph.tensors();
    for (int i = 0; i < tensors.size(); i++) {
      module.add(tensors.get(i), Integer.toString(i));
    }
    ZipOutputStream zip = new ZipOutputStream(out, StandardCharsets.UTF_8);
    zip.setLevel(Deflater.NO_COMPRESSION);
    entry(zip, "version", VERSION.getBytes(StandardCharsets.UTF_8));
    entry(zip, "constants.pkl", NO_CONSTANTS);
    entry(zip, "data.pkl", module.add("training", false).bytes());
    entry(zip, "code/__torch__.py", code().getBytes(StandardCharsets.UTF_8));
    entry(zip, "extra/" + ModelMetadata.FILE, metadata.getBytes(StandardCharsets.UTF_8));
    for (int i = 0; i < tensors.size(); i++) {
      begin(zip, "data/" + i);
      tensors.get(i).write(zip);
      zip.closeEntry();
    }
    zip.finish();
  }

  private static void entry(ZipOutputStream zip, String name, byte[] bytes) throws IOException {
    begin(zip, name);
    zip.write(bytes);
    zip.closeEntry();
  }

  private static void begin(ZipOutputStream zip, String name) throws IOException {
    ZipEntry entry = new ZipEntry("model/" + name);
    entry.setTimeLocal(LocalDateTime.of(1980, 1, 1, 0, 0));
    zip.putNextEntry(entry);
  }

  /** In the form in which PyTorch writes it itself. */
  private String code() {
    String self = "self: __torch__." + CLASS + ",\n    features: Tensor) -> Tensor:\n";
    TorchCode logits = new TorchCode(TorchCode.Language.TORCHSCRIPT);
    String input = graph.input().name();
    logits
        .assign(input, logits.rows(logits.cast("features", NumberType.DOUBLE), graph.features()))
        .add(graph.toLogits())
        .returns(logits.asGiven(graph.logits().name(), "features", graph.outputs()));
    TorchCode forward =
        new TorchCode(TorchCode.Language.TORCHSCRIPT)
            .assign(graph.given().name(), "(self).logits(features, )")
            .add(graph.toProbabilities())
            .returns(graph.probabilities().name());
    return "class "
        + CLASS
        + "(Module):\n  __parameters__ = ["
        + names(true)
        + "]\n  __buffers__ = ["
        + names(false)
        + "]\n"
        + graph.tensors().stream()
            .map(tensor -> "  " + tensor.name() + " : Tensor\n")
            .collect(Collectors.joining())
        + "  training : bool\n  def logits("
        + self
        + logits
        + "  def forward("
        + self
        + forward;
  }

  private String names(boolean trained) {
    return graph.tensors().stream()
        .filter(tensor -> tensor.isTrained() == trained)
        .map(tensor -> "\"" + tensor.name() + "\", ")
        .collect(Collectors.joining());
  }
}
