package io.sparkfocal.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import ai.djl.nn.Parameter;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.util.Pair;
import io.sparkfocal.collective.TensorCollective;
import io.sparkfocal.compat.TensorCopy;
import io.sparkfocal.losses.Autograd;
import io.sparkfocal.network.TensorHolder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * All parameters of a block as views into one contiguous float32 tensor.
 *
 * <p>The trained parameters come first, in the order of {@code Block.getParameters()}, then the
 * others (frozen ones, running statistics), each aligned as {@link ParameterSlice} says. An update,
 * a broadcast or a copy of the whole network is one operation on {@link #all()} or {@link
 * #trained()}, and the views see it. The gaps are zero, and stay so under every {@link Optimizer},
 * since their gradients are.
 */
public final class FlatParameters {

  /** Values that travel with the gradients. */
  static final int TAIL = 2;

  /** Values of a parameter, which a model keeps in one array. */
  private static final long LARGEST = Integer.MAX_VALUE - 8;

  private final List<ParameterSlice> slices;
  private final NDArray all;
  private final NDArray trained;
  private final NDArray gradients;
  private final @Nullable HalfPrecision half;

  /** What autograd gives a gradient, and where that lies; tied weights have one place. */
  private record Leaf(PtNDArray tensor, long offset) {}

  private FlatParameters(
      List<ParameterSlice> slices,
      NDArray all,
      NDArray trained,
      NDArray gradients,
      @Nullable HalfPrecision half) {
    this.slices = slices;
    this.all = all;
    this.trained = trained;
    this.gradients = gradients;
    this.half = half;
    publish();
  }

  /**
   * Initialises a block for inputs of shape (B, features) and moves its parameters into one tensor.
   *
   * @param manager owns the tensor; on the device to train on
   * @param seed decides the values of new parameters, see {@link InitialValues}
   */
  public static FlatParameters of(Block network, int features, NDManager manager, long seed) {
    return of(network, features, manager, seed, null);
  }

  /**
   * As above; a network with a loss scale computes in float16, with copies of all parameters but
   * running statistics.
   */
  public static FlatParameters of(
      Block network, int features, NDManager manager, long seed, @Nullable LossScale scale) {
    return Autograd.unrecorded(() -> flattened(network, features, manager, seed, scale));
  }

  private static FlatParameters flattened(
      Block network, int features, NDManager manager, long seed, @Nullable LossScale scale) {
    InitialValues.replaceRandomInitializers(network);
    network.initialize(manager, DataType.FLOAT32, new Shape(1, features));
    List<Pair<String, Parameter>> parameters = inOrder(network);
    int trainedCount =
        (int) parameters.stream().filter(p -> p.getValue().requiresGradient()).count();

    Map<Parameter, TensorHolder> holders = TensorHolder.of(network);
    if (scale != null && !holders.isEmpty()) {
      throw new IllegalArgumentException(
          "precision is float16, but a TorchScript network computes in the float32 of its file; set"
              + " precision to float32.");
    }
    List<ParameterSlice> slices = slicesOf(parameters, holders);
    long trainedSize = end(slices.subList(0, trainedCount));
    long size = end(slices);
    NDArray all = manager.zeros(new Shape(size));
    NDArray computed = scale == null ? all : manager.zeros(new Shape(size), DataType.FLOAT16);
    List<Leaf> leaves = new ArrayList<>();
    for (int i = 0; i < slices.size(); i++) {
      ParameterSlice slice = slices.get(i);
      Parameter parameter = parameters.get(i).getValue();
      NDArray view = slice.of(all);
      InitialValues.fill(view, parameter.getArray(), parameter, seed, i);
      TensorHolder holder = holders.get(parameter);
      List<NDArray> tensors =
          holder == null
              ? replaced(parameter, isStatistics(parameter) ? view : slice.of(computed), manager)
              : holder.move(parameter, view);
      if (i < trainedCount) {
        tensors.forEach(tensor -> leaves.add(new Leaf((PtNDArray) tensor, slice.offset())));
      }
    }
    NDArray linked = linked(leaves, computed.getDataType(), trainedSize + TAIL, manager);
    NDArray trained = all.get("0:" + trainedSize);
    return scale == null
        ? new FlatParameters(slices, all, trained, linked, null)
        : new FlatParameters(
            slices,
            all,
            trained,
            manager.zeros(linked.getShape()),
            new HalfPrecision(scale, computed, linked.get("0:" + trainedSize), manager));
  }

  /** The parameters of a network: those that are trained, then the others. */
  static List<Pair<String, Parameter>> inOrder(Block network) {
    List<Pair<String, Parameter>> parameters = new ArrayList<>();
    for (boolean trained : new boolean[] {true, false}) {
      network.getParameters().stream()
          .filter(named -> named.getValue().requiresGradient() == trained)
          .forEach(parameters::add);
    }
    return parameters;
  }

  /** Whether a parameter is a running mean or variance. */
  static boolean isStatistics(Parameter parameter) {
    return parameter.getType() == Parameter.Type.RUNNING_MEAN
        || parameter.getType() == Parameter.Type.RUNNING_VAR;
  }

  private static List<ParameterSlice> slicesOf(
      List<Pair<String, Parameter>> parameters, Map<Parameter, TensorHolder> holders) {
    List<ParameterSlice> slices = new ArrayList<>();
    long offset = 0;
    for (Pair<String, Parameter> named : parameters) {
      DataType type = named.getValue().getArray().getDataType();
      if (type != DataType.FLOAT32) {
        throw new IllegalArgumentException(
            "Parameter \"" + named.getKey() + "\" is " + type + "; networks must be float32.");
      }
      Shape shape = named.getValue().getArray().getShape();
      if (shape.size() > LARGEST) {
        throw new IllegalArgumentException(
            "Parameter \"%s\" has %s values, but a model keeps at most %s of one; use more and narrower layers."
                .formatted(named.getKey(), shape.size(), LARGEST));
      }
      TensorHolder holder = holders.get(named.getValue());
      double factor = holder == null ? 1 : holder.rateFactor(named.getValue());
      slices.add(new ParameterSlice(named.getKey(), shape.getShape(), offset, factor));
      offset = end(slices);
    }
    return slices;
  }

  /** How many values a tensor of these has. */
  static long end(List<ParameterSlice> slices) {
    return slices.isEmpty() ? 0 : slices.get(slices.size() - 1).end();
  }

  private static List<NDArray> replaced(Parameter parameter, NDArray view, NDManager manager) {
    parameter.close();
    parameter.setInitializer((m, shape, type) -> view);
    parameter.initialize(manager, view.getDataType());
    return List.of(parameter.getArray());
  }

  /** Where each parameter lies in {@link #all()}. */
  public List<ParameterSlice> slices() {
    return slices;
  }

  /** Every parameter and running statistic, and zeros between them, shape (n). */
  public NDArray all() {
    return all;
  }

  /** The parameters that are trained, shape (m), m at most n: a view into {@link #all()}. */
  public NDArray trained() {
    return trained;
  }

  /**
   * Some parameters of the network that these are of, as few views: those that lie one after the
   * other are in one, with the zeros between them.
   */
  List<NDArray> views(Block network, Predicate<Parameter> wanted) {
    Map<String, Parameter> named = new HashMap<>();
    network.getParameters().forEach(pair -> named.put(pair.getKey(), pair.getValue()));
    List<NDArray> views = new ArrayList<>();
    for (int i = 0; i < slices.size(); i++) {
      int first = i;
      while (i < slices.size() && wanted.test(named.get(slices.get(i).name()))) {
        i++;
      }
      if (i > first) {
        views.add(all.get(slices.get(first).offset() + ":" + slices.get(i - 1).end()));
      }
    }
    return views;
  }

  /**
   * The sums of the gradients of the trained parameters, which the backward pass adds to, followed
   * by two places for what travels with them: shape (m + 2).
   */
  NDArray gradients() {
    return gradients;
  }

  /**
   * Makes the gradient of every leaf a view into one tensor, for good.
   *
   * <p>Autograd keeps the first gradient that reaches a leaf, if nobody else holds it, and adds
   * later ones to it in place. So each leaf is sent a view of its own place.
   */
  private static NDArray linked(List<Leaf> leaves, DataType type, long size, NDManager manager) {
    NDArray gradients = manager.ones(new Shape(size), type);
    for (Leaf leaf : leaves) {
      long end = leaf.offset() + leaf.tensor().size();
      try (NDArray root = Autograd.recorded(() -> leaf.tensor().reshape(-1));
          NDArray place = gradients.get(leaf.offset() + ":" + end)) {
        Autograd.backward(root, place, false);
      }
    }
    gradients.subi(gradients);
    for (Leaf leaf : leaves) {
      try (NDArray gradient = leaf.tensor().getGradient()) {
        if (first(gradient) != 0) {
          throw new IllegalStateException(
              "This PyTorch copies gradients instead of keeping them; use the version that DJL 0.35"
                  + " brings, 2.7.1.");
        }
      }
    }
    return gradients;
  }

  private static float first(NDArray values) {
    try (NDArray flat = values.reshape(-1);
        NDArray first = flat.get("0:1")) {
      return TensorCopy.floats(first)[0];
    }
  }

  /** What the network computes in float16 with; null if it computes in float32. */
  @Nullable HalfPrecision half() {
    return half;
  }

  /** Rows as the network takes them. */
  NDArray input(NDArray features) {
    return half == null ? features : features.toType(DataType.FLOAT16, false);
  }

  /** Ends a backward pass: its gradients are in {@link #gradients()} then. */
  void collectGradients() {
    if (half != null) {
      half.addGradientsTo(trainedGradients());
    }
  }

  /** Forgets those of a backward pass that did not end. */
  void discardGradients() {
    if (half != null) {
      half.discardGradients();
    }
  }

  /** Lets the network see what has been written to {@link #all()}. */
  void publish() {
    if (half != null) {
      half.take(all);
    }
  }

  /** The gradients without the two places behind them, shape (m), as a view. */
  NDArray trainedGradients() {
    return gradients.get("0:" + trained.size());
  }

  /** Gives every rank the values of rank 0. */
  void broadcast(TensorCollective collective) {
    collective.broadcast(all, 0);
    publish();
  }

  /** The values of {@link #all()}, as they are whenever they are read. */
  public TensorFloats values() {
    return new TensorFloats(all);
  }

  /**
   * Replaces all values.
   *
   * @throws IllegalArgumentException if the count differs from that of {@link #all()}
   */
  public void set(Floats values) {
    if (values.size() != all.size()) {
      throw new IllegalArgumentException(
          "The network has " + all.size() + " values, but " + values.size() + " were given.");
    }
    values().set(values);
    publish();
  }

  /** As above. */
  public void set(float[] values) {
    set(Floats.of(values));
  }

  /** Replaces the values of one parameter. */
  public void set(ParameterSlice slice, float[] values) {
    if (slice.size() != values.length) {
      throw new IllegalArgumentException(
          "%s has %s values, but %s were given.".formatted(slice, slice.size(), values.length));
    }
    values().put(slice.offset(), values, values.length);
    publish();
  }

  /**
   * Sets the bias of the output layer, of each member where that is of an ensemble.
   *
   * @param bias one number per output
   * @throws IllegalArgumentException if the last trained parameter is no bias of that size, or one
   *     of shape (members, 1, outputs)
   */
  public void setOutputBias(float[] bias) {
    ParameterSlice last =
        slices.stream().filter(s -> s.end() == trained.size()).findFirst().orElseThrow();
    int members = Math.toIntExact(last.size() / Math.max(1, bias.length));
    long[] shape = last.shape();
    if (last.size() % bias.length != 0
        || shape[shape.length - 1] != bias.length
        || (shape.length > 1 && shape[shape.length - 2] != 1)) {
      throw new IllegalArgumentException(
          "priorBias is true, but the network's last parameter %s is no bias of its %s outputs; set priorBias to false."
              .formatted(last, bias.length));
    }
    float[] ofMembers = new float[members * bias.length];
    for (int member = 0; member < members; member++) {
      System.arraycopy(bias, 0, ofMembers, member * bias.length, bias.length);
    }
    try (NDArray source = all.getManager().create(ofMembers, new Shape(shape));
        NDArray view = last.of(all)) {
      TensorCopy.into(view, source);
    }
    publish();
  }

  /** SHA-256 of names, shapes and type: equal on two ranks that train the same network. */
  public String layoutHash() {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      slices.forEach(s -> digest.update(s.toString().getBytes(StandardCharsets.UTF_8)));
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("This Java runtime lacks SHA-256.", e);
    }
  }
}
