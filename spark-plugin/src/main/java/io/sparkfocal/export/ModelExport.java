package io.sparkfocal.export;

import io.sparkfocal.persist.ModelFiles;
import io.sparkfocal.persist.SafetensorsWriter;
import io.sparkfocal.persist.TrainedNetwork;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A model as files that others read: {@code torchscript/model.pt} and {@code onnx/model.onnx}, each
 * with DJL's {@code serving.properties}; {@code pytorch/model.py} with {@code weights.safetensors};
 * and {@code model.json}, which says what the numbers mean.
 *
 * <p>Raw features go in and probabilities come out. A TorchScript network of the user's is written
 * as its own file alone, without what is done before and after it.
 */
public final class ModelExport {

  private static final Logger LOG = LoggerFactory.getLogger(ModelExport.class);

  private static final String TORCHSCRIPT = "torchscript";
  private static final String ONNX = "onnx";
  private static final String PYTORCH = "pytorch";
  private static final String SERVING = "serving.properties";

  private final TrainedNetwork network;
  private final List<String> columns;
  private final FileSystem files;
  private final Path folder;
  private final Map<String, String> omitted = new TreeMap<>();

  private ModelExport(TrainedNetwork network, List<String> columns, FileSystem files, Path folder) {
    this.network = network;
    this.columns = columns;
    this.files = files;
    this.folder = folder;
  }

  /**
   * Writes a folder; what was written goes again if it cannot be finished.
   *
   * @param columns of the DataFrame, in the order of the features
   * @param folder of any Hadoop file system
   * @param overwrites whether an export that is there already is replaced
   * @throws IllegalArgumentException if the network cannot be exported, or the folder is there and
   *     is not to be replaced, or is no export
   * @throws IllegalStateException if it cannot be written
   */
  public static void write(
      TrainedNetwork network,
      List<String> columns,
      String folder,
      boolean overwrites,
      Configuration hadoop) {
    if (!ModelMetadata.isTorchScript(network)) {
      ModelGraph.require(network);
    }
    Path path = new Path(folder);
    try {
      FileSystem files = path.getFileSystem(hadoop);
      Path parent = path.getParent();
      if (parent == null) {
        throw new IllegalArgumentException(
            folder + " is the root of a file system; name a folder in it.");
      }
      requireReplaceable(files, path, overwrites);
      Path unfinished = new Path(parent, "_unfinished-" + UUID.randomUUID());
      new ModelExport(network, columns, files, unfinished).writeAll(path);
    } catch (IOException e) {
      throw new IllegalStateException(
          "The model cannot be exported to " + folder + "; check that the folder is writable.", e);
    }
  }

  private static void requireReplaceable(FileSystem files, Path folder, boolean overwrites)
      throws IOException {
    if (!files.exists(folder)) {
      return;
    }
    if (!overwrites) {
      throw new IllegalArgumentException(
          folder
              + " exists already; name another folder, or overwrite it with exportTo(folder,"
              + " true).");
    }
    if (!files.exists(new Path(folder, ModelMetadata.FILE))
        && files.listStatus(folder).length > 0) {
      throw new IllegalArgumentException(
          "%s is no export, since it has no %s, and is not overwritten; name another folder, or delete it."
              .formatted(folder, ModelMetadata.FILE));
    }
  }

  /** Writes a folder of its own first, so that an export that is there stays if that fails. */
  private void writeAll(Path finished) throws IOException {
    boolean done = false;
    try {
      if (ModelMetadata.isTorchScript(network)) {
        writeOwnFile();
      } else {
        writeGraph();
      }
      write(new Path(folder, ModelMetadata.FILE), ModelMetadata.of(network, columns, omitted));
      files.delete(finished, true);
      done = files.rename(folder, finished);
      if (!done) {
        throw new IOException(folder + " cannot be renamed to " + finished);
      }
    } finally {
      if (!done) {
        deleteQuietly();
      }
    }
    omitted.values().forEach(LOG::warn);
  }

  private void writeOwnFile() throws IOException {
    byte[] file = ModelFiles.trained(network);
    write(new Path(folder, TORCHSCRIPT + "/model.pt"), out -> out.write(file));
    writeServing(TORCHSCRIPT);
    omitted.put(
        ONNX,
        "A torchscript network is not exported to ONNX; export it from PyTorch, which reads"
            + " torchscript/model.pt.");
    omitted.put(
        PYTORCH,
        "A torchscript network has no Python file of its own; torch.jit.load reads"
            + " torchscript/model.pt.");
  }

  private void writeGraph() throws IOException {
    Graph graph = ModelGraph.of(network);
    String metadata = ModelMetadata.of(network, columns, Map.of());
    write(
        new Path(folder, TORCHSCRIPT + "/model.pt"), new TorchScriptWriter(graph, metadata)::write);
    writeServing(TORCHSCRIPT);
    OnnxWriter onnx = new OnnxWriter(graph, metadata);
    String refusal = onnx.refusal();
    if (refusal == null) {
      write(new Path(folder, ONNX + "/model.onnx"), onnx::write);
      writeServing(ONNX);
    } else {
      omitted.put(ONNX, refusal);
    }
    SafetensorsWriter weights =
        new SafetensorsWriter(Map.of("format", "pt", ModelMetadata.FILE, metadata));
    graph.tensors().forEach(tensor -> tensor.addTo(weights));
    write(
        new Path(folder, PYTORCH + "/" + PythonModule.WEIGHTS),
        out -> weights.write(out, () -> false));
    write(
        new Path(folder, PYTORCH + "/model.py"),
        PythonModule.of(graph, network.link().isMultilabel()));
  }

  /** What DJL and DJL Serving look for beside a model. */
  private void writeServing(String part) throws IOException {
    String settings =
        part.equals(ONNX)
            ? "engine=OnnxRuntime\n"
            : "engine=PyTorch\noption.mapLocation=true\nbatchifier=stack\n";
    write(new Path(folder, part + "/" + SERVING), settings);
  }

  private interface Content {
    void write(OutputStream out) throws IOException;
  }

  private void write(Path path, String text) throws IOException {
    write(path, out -> out.write(text.getBytes(StandardCharsets.UTF_8)));
  }

  private void write(Path path, Content content) throws IOException {
    try (OutputStream out = files.create(path, false)) {
      content.write(out);
    }
  }

  private void deleteQuietly() {
    try {
      files.delete(folder, true);
    } catch (IOException | RuntimeException e) {
      LOG.warn("{}, an export that is not whole, cannot be deleted: {}", folder, e.toString());
    }
  }
}
