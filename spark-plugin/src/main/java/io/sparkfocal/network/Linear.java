package io.sparkfocal.network;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;
import ai.djl.training.ParameterStore;
import ai.djl.util.PairList;
import org.jspecify.annotations.Nullable;

/**
 * DJL's linear layer, which takes rows by their non-zeros too: values, starts of rows and columns,
 * as {@link SparseProduct} has them, on the host and in float32. It must be the first layer then,
 * and its weights must have a gradient already, which is added to where it lies.
 *
 * <p>It has the name of DJL's class since DJL makes the names of parameters from names of classes.
 */
final class Linear extends ai.djl.nn.core.Linear {

  private final RankStep step;

  Linear(long units, boolean bias, RankStep step) {
    super(builder().setUnits(units).optBias(bias));
    this.step = step;
  }

  @Override
  protected NDList forwardInternal(
      ParameterStore parameters,
      NDList inputs,
      boolean training,
      @Nullable PairList<String, Object> params) {
    if (inputs.size() == 1) {
      return super.forwardInternal(parameters, inputs, training, params);
    }
    NDArray values = inputs.get(0);
    NDArray weight = getDirectParameters().get("weight").getArray();
    HostMatrix weights = new HostMatrix(weight);
    SparseProduct product =
        new SparseProduct(values, inputs.get(1), inputs.get(2), weights.width());
    long rows = inputs.get(1).size() - 1;
    NDArray sums =
        values.getManager().create(product.times(weights), new Shape(rows, weights.rows()));
    NDArray output = training ? recorded(sums, product, weight) : sums;
    Parameter bias = getDirectParameters().get("bias");
    return new NDList(bias == null ? output : output.add(bias.getArray()));
  }

  private NDArray recorded(NDArray sums, SparseProduct product, NDArray weight) {
    return step.tape()
        .leaf(
            sums,
            gradient ->
                product.addGradient(gradient.toFloatArray(), new HostMatrix(weight.getGradient())));
  }
}
