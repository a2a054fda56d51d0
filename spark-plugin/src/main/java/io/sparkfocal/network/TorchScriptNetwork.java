package io.sparkfocal.network;

import ai.djl.Device;
import ai.djl.engine.EngineException;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.AbstractBlock;
import ai.djl.nn.Parameter;
import ai.djl.training.ParameterStore;
import ai.djl.util.PairList;
import io.sparkfocal.compat.TensorCopy;
import io.sparkfocal.losses.Autograd;
import io.sparkfocal.network.TorchScriptModule.Weight;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A network that PyTorch saved as TorchScript, trained on from the values in its file.
 *
 * <p>Input has shape (B, features), float32, and reaches the module as (B, row shape); its output
 * is (B, outputs), float32. Parameters have the names they have in PyTorch, a tied weight the first
 * of its names. Those that do not require a gradient in the file are frozen, like those that the
 * rules freeze.
 *
 * <p>The module computes in evaluation mode, in training too, and its buffers keep the values of
 * the file: batch norm uses the running statistics it came with, and dropout passes everything on.
 * DJL reaches no buffers, and PyTorch's generator of random numbers is one per process, so that
 * neither would be the same on all ranks. A module that was traced in training mode has that mode
 * in its code, and must not be used.
 */
public final class TorchScriptNetwork extends AbstractBlock implements TensorHolder {

  /** A module may have been traced with the number of rows in it. */
  private static final int MOST_ROWS_TRIED = 2;

  private final byte[] archive;
  private final Shape rowShape;
  private final int outputs;
  private final ParameterRules rules;
  private final Map<Parameter, Weight> weights = new HashMap<>();
  private @Nullable TorchScriptModule module;
  private @Nullable NDArray trained;

  /**
   * A network that is read when it is initialised, by any number of ranks and processes from the
   * same bytes.
   *
   * @param archive bytes of the file, not copied, which nobody may change
   * @param rowShape shape in which the module takes a row, without the batch; (features) for a
   *     vector
   * @param outputs width of the logits
   * @param rules which parameters are trained, and how fast
   */
  public TorchScriptNetwork(byte[] archive, Shape rowShape, int outputs, ParameterRules rules) {
    this.archive = archive;
    this.rowShape = rowShape;
    this.outputs = outputs;
    this.rules = rules;
  }

  /**
   * Reads the module and tries it with rows of zeros.
   *
   * @param manager owns the module; on the device to train on
   * @param inputShapes one, (B, features)
   * @throws IllegalArgumentException if the file is no TorchScript archive; if the module has no
   *     parameters, others than float32, or none that are trained; if a pattern of the rules fits
   *     nothing; if it takes rows of another width or gives anything but logits of the width
   */
  @Override
  public void initialize(NDManager manager, DataType dataType, Shape... inputShapes) {
    if (module == null) {
      long features = inputShapes[0].slice(1).size();
      if (rowShape.size() != features) {
        throw new IllegalArgumentException(
            "Rows of shape %s have %s values, but there are %s features; give the shape of a row as the TorchScript network takes it."
                .formatted(rowShape, rowShape.size(), features));
      }
      TorchScriptModule read = TorchScriptModule.read(archive, manager);
      read.evaluates();
      addParameters(read);
      tryOut(read, manager);
      module = read;
    }
    super.initialize(manager, dataType, inputShapes);
  }

  /** Of a type whose values are kept, where others begin at random. */
  private void addParameters(TorchScriptModule read) {
    rules.requireUse(read.weights().stream().flatMap(w -> w.names().stream()).toList());
    for (Weight weight : read.weights()) {
      boolean isTrained =
          weight.tensors().stream().allMatch(NDArray::hasGradient)
              && !rules.freezes(weight.names());
      weight.tensors().forEach(tensor -> tensor.setRequiresGradient(isTrained));
      Parameter parameter =
          Parameter.builder()
              .setName(weight.name())
              .setType(Parameter.Type.OTHER)
              .optArray(weight.tensor())
              .optRequiresGrad(isTrained)
              .build();
      weights.put(addParameter(parameter), weight);
      if (isTrained && trained == null) {
        trained = weight.tensor();
      }
    }
    if (trained == null) {
      throw new IllegalArgumentException(
          "All %s parameters of the TorchScript network are frozen; freeze fewer."
              .formatted(weights.size()));
    }
  }

  private void tryOut(TorchScriptModule read, NDManager parent) {
    for (int rows = 1; rows <= MOST_ROWS_TRIED; rows++) {
      try (NDManager manager = parent.newSubManager()) {
        NDArray zeros = manager.zeros(batchShape(rows));
        NDList found = Autograd.recorded(() -> read.forward(zeros));
        requireLogits(found, rows);
        requireGraph(read.hasGraph(found.get(0)));
      } catch (EngineException | UnsupportedOperationException e) {
        throw new IllegalArgumentException(
            "The TorchScript network cannot take %s of shape %s: %s."
                .formatted(
                    rows == 1 ? "a row" : rows + " rows", rowShape, TorchScriptModule.reason(e)),
            e);
      }
    }
  }

  private void requireLogits(NDList found, int rows) {
    Shape expected = new Shape(rows, outputs);
    if (found.size() != 1
        || !found.get(0).getShape().equals(expected)
        || found.get(0).getDataType() != DataType.FLOAT32) {
      throw new IllegalArgumentException(
          "The TorchScript network gives %s for %s, but must give one float32 %s: the logits of %s."
              .formatted(
                  found.stream().map(a -> a.getDataType() + " " + a.getShape()).toList(),
                  rows == 1 ? "a row" : rows + " rows",
                  expected,
                  outputs == 1 ? "1 output" : outputs + " outputs"));
    }
  }

  private static void requireGraph(boolean hasGraph) {
    if (!hasGraph) {
      throw new IllegalArgumentException(
          "The logits of the TorchScript network have no gradient by any parameter that is trained;"
              + " freeze fewer parameters, and save the network without torch.no_grad and detach.");
    }
  }

  private Shape batchShape(long rows) {
    return new Shape(rows).addAll(rowShape);
  }

  @Override
  protected NDList forwardInternal(
      ParameterStore store,
      NDList inputs,
      boolean training,
      @Nullable PairList<String, Object> params) {
    NDArray rows = inputs.singletonOrThrow();
    return training ? logits(rows) : Autograd.unrecorded(() -> logits(rows));
  }

  private NDList logits(NDArray rows) {
    long count = rows.getShape().get(0);
    if (module == null || trained == null) {
      throw new IllegalStateException("The TorchScript network has not been initialised.");
    }
    if (count == 0) {
      // Not every module can do that. The gradient is zeros, and autograd needs one.
      return new NDList(rows.getManager().zeros(new Shape(0, outputs)).mul(trained.sum()));
    }
    // A new array also has no name, by which DJL would make something else of it.
    return module.forward(rows.reshape(batchShape(count)));
  }

  @Override
  public Shape[] getOutputShapes(Shape[] inputShapes) {
    return new Shape[] {new Shape(inputShapes[0].get(0), outputs)};
  }

  @Override
  public List<NDArray> move(Parameter parameter, NDArray place) {
    Weight weight = weight(parameter);
    if (module == null) {
      throw new IllegalStateException("The TorchScript network has not been initialised.");
    }
    module.move(weight, place);
    return weight.tensors();
  }

  @Override
  public double rateFactor(Parameter parameter) {
    return rules.rateFactor(weight(parameter).names());
  }

  private Weight weight(Parameter parameter) {
    Weight weight = weights.get(parameter);
    if (weight == null) {
      throw new IllegalArgumentException(
          "Parameter \"" + parameter.getName() + "\" is not of this TorchScript network.");
    }
    return weight;
  }

  /**
   * The bytes of the file with the present values of the parameters, which PyTorch loads: all else
   * is as in the file, as its buffers, its mode, what is tied, and which parameters require
   * gradients.
   */
  public byte[] write() {
    if (module == null) {
      throw new IllegalStateException("The TorchScript network has not been initialised.");
    }
    List<Weight> present = module.weights();
    // Of the file's own layout, and on the host, since a file names the device it was saved on.
    try (NDManager host = NDManager.newBaseManager(Device.cpu(), "PyTorch")) {
      TorchScriptModule copy = TorchScriptModule.read(archive, host);
      Autograd.unrecorded(
          () -> {
            for (int i = 0; i < present.size(); i++) {
              NDArray values = present.get(i).tensor();
              TensorCopy.into(
                  copy.weights().get(i).tensor(),
                  values.getDevice().isGpu() ? TensorCopy.to(host, values) : values);
            }
            return copy;
          });
      return copy.write();
    }
  }
}
