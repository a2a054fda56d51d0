package io.sparkfocal.network;

import ai.djl.engine.Engine;
import ai.djl.engine.EngineException;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.IValueUtils;
import ai.djl.pytorch.jni.JniUtils;
import io.sparkfocal.compat.DeviceBuffer;
import io.sparkfocal.compat.TensorCopy;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;

/** A TorchScript module in memory: its weights, its forward pass and its file. */
final class TorchScriptModule {

  private static final String INTERPRETER = "RuntimeError: ";

  private final PtSymbolBlock module;
  private final TensorProgram program;
  private final List<Weight> weights;

  /**
   * What one number of the network's weights is kept in.
   *
   * @param names as PyTorch has them, several for a tied weight
   * @param tensors of these names, which share their values
   */
  record Weight(List<String> names, List<NDArray> tensors) {

    /** The first one, which stands for all. */
    String name() {
      return names.get(0);
    }

    NDArray tensor() {
      return tensors.get(0);
    }
  }

  private TorchScriptModule(PtSymbolBlock module, NDManager manager) {
    this.module = module;
    this.program = new TensorProgram(manager);
    this.weights = weights(JniUtils.moduleGetParams(module, (PtNDManager) manager));
  }

  /**
   * Reads a file of PyTorch.
   *
   * @param manager owns the module; on the device to compute on
   * @throws IllegalArgumentException if it is no TorchScript archive, or its weights are not
   *     float32, or it has none
   */
  static TorchScriptModule read(byte[] archive, NDManager manager) {
    PtSymbolBlock module;
    try {
      // The size is not read from the stream, and a file that was saved on a GPU names it.
      module =
          JniUtils.loadModule(
              (PtNDManager) manager, new ByteArrayInputStream(archive), true, false);
    } catch (EngineException e) {
      throw new IllegalArgumentException(
          "The network's file cannot be read as TorchScript by PyTorch %s; save it with torch.jit.script(network).save(path), not with torch.save: %s."
              .formatted(Engine.getEngine("PyTorch").getVersion(), reason(e)),
          e);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return new TorchScriptModule(module, manager);
  }

  private List<Weight> weights(NDList parameters) {
    if (parameters.isEmpty()) {
      throw new IllegalArgumentException(
          "The TorchScript network has no parameters, as after torch.jit.freeze; save it without"
              + " freezing.");
    }
    List<Weight> found = new ArrayList<>();
    for (NDArray tensor : parameters) {
      String name = tensor.getName();
      if (tensor.getDataType() != DataType.FLOAT32) {
        throw new IllegalArgumentException(
            "Parameter \"%s\" of the TorchScript network is %s, not float32; call network.float() before saving it."
                .formatted(
                    name,
                    tensor.getDataType() == DataType.UNKNOWN
                        ? "bfloat16 or of another type that DJL does not know"
                        : tensor.getDataType()));
      }
      Weight weight =
          found.stream().filter(w -> isTied(w.tensor(), tensor)).findFirst().orElse(null);
      if (weight == null) {
        weight = new Weight(new ArrayList<>(), new ArrayList<>());
        found.add(weight);
      }
      weight.names().add(name);
      weight.tensors().add(tensor);
    }
    found.forEach(this::makeContiguous);
    return found;
  }

  private boolean isTied(NDArray first, NDArray second) {
    return first.getShape().equals(second.getShape()) && program.isSame(first, second);
  }

  /** As all others expect it; in PyTorch a weight may lie channel by channel, say. */
  private void makeContiguous(Weight weight) {
    NDArray tensor = weight.tensor();
    if (!DeviceBuffer.isContiguous(tensor)) {
      try (NDArray place = tensor.getManager().create(tensor.getShape())) {
        TensorCopy.into(place, tensor);
        move(weight, place);
      }
    }
  }

  /** In the order in which the module has them, which is the same in every process. */
  List<Weight> weights() {
    return weights;
  }

  /** Lets a weight have its values in another place, with the values of there. */
  void move(Weight weight, NDArray place) {
    weight.tensors().forEach(tensor -> program.move(tensor, place));
  }

  /** Whether an array was made of something that requires a gradient. */
  boolean hasGraph(NDArray array) {
    return program.hasGraph(array);
  }

  /** Lets dropout pass everything on, and batch norm use its running statistics. */
  void evaluates() {
    JniUtils.enableInferenceMode(module);
  }

  /**
   * What the module makes of rows; belongs to their manager.
   *
   * <p>PyTorch's optimizer of TorchScript, which takes other kernels after some calls, is off from
   * then on in the calling thread: bits do not depend on how often a module was called before.
   */
  NDList forward(NDArray rows) {
    JniUtils.setGraphExecutorOptimize(false);
    return IValueUtils.forward(module, new NDList(rows), true);
  }

  /** The bytes of a file with the present values. */
  byte[] write() {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    JniUtils.writeModule(module, out, false);
    return out.toByteArray();
  }

  /** What PyTorch says in one line, without where in the network it was. */
  static String reason(RuntimeException failure) {
    String message = String.valueOf(failure.getMessage());
    int begin = message.lastIndexOf(INTERPRETER);
    String text = begin < 0 ? message : message.substring(begin + INTERPRETER.length());
    return text.lines()
        .map(String::strip)
        .filter(line -> !line.isEmpty())
        .findFirst()
        .orElse("no reason given")
        .replaceFirst("\\.$", "");
  }
}
