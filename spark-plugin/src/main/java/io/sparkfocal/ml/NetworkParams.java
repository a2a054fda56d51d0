package io.sparkfocal.ml;

import io.sparkfocal.network.MlpNetwork;
import io.sparkfocal.network.NetworkProvider;
import java.io.Serializable;
import java.util.Map;
import org.apache.spark.ml.param.BooleanParam;
import org.apache.spark.ml.param.DoubleParam;
import org.apache.spark.ml.param.IntArrayParam;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.param.Params;
import org.apache.spark.ml.param.StringArrayParam;

/**
 * The network that is trained.
 *
 * @param <S> who has the params, returned by the setters
 */
public interface NetworkParams<S extends NetworkParams<S>> extends Chained<S> {

  /** The holder of the params below. */
  Holder networkParams();

  /**
   * Param: the network: tabular (for columns, which may be categories or missing), mlp (a
   * multilayer perceptron of numbers), linear, cnn or resnet18 (for images of inputShape, channel
   * by channel and line by line), torchscript:PATH (a file of any Hadoop file system that
   * torch.jit.save wrote: code, to be trusted like a jar), or auto: mlp for arrays, for vectors
   * that are wide or mostly 0, and where hiddenLayers, dropout, batchNorm or standardization is
   * set, else tabular (default auto).
   */
  default Param<String> network() {
    return networkParams().network;
  }

  /**
   * Param: widths of the hidden layers; 0 alone for those of the network: 256, 256, 256 for
   * tabular, 128, 128 for mlp (default 0).
   */
  default IntArrayParam hiddenLayers() {
    return networkParams().hiddenLayers;
  }

  /**
   * Param: share of hidden values that are zeroed while training; -1 for that of the network: 0.1
   * for tabular, else 0 (default -1.0).
   */
  default DoubleParam dropout() {
    return networkParams().dropout;
  }

  /** Param: whether hidden layers are normalised over the rows of all ranks (default false). */
  default BooleanParam batchNorm() {
    return networkParams().batchNorm;
  }

  /**
   * Param: class name of the NetworkProvider that builds the network (default the multilayer
   * perceptron).
   */
  default Param<String> networkProvider() {
    return networkParams().networkProvider;
  }

  /**
   * Param: whether batch norm (of mlp, cnn and resnet18) is over the rows of all ranks (global) or
   * of each rank alone (local), which sums nothing over ranks within a step (default global).
   */
  default Param<String> batchNormScope() {
    return networkParams().batchNormScope;
  }

  /**
   * Param: whether the features of a TorchScript network are standardized as those of other
   * networks are (default false).
   */
  default BooleanParam torchScriptStandardization() {
    return networkParams().torchScriptStandardization;
  }

  /**
   * Param: a model, or the path of a saved one, whose weights the training begins with: of the same
   * network, or of one that differs in its output layer alone; features are encoded as that model
   * has them (default empty).
   */
  default Param<Object> initialModel() {
    return networkParams().initialModel;
  }

  /**
   * Param: regular expressions for whole names of parameters of a TorchScript network that keep
   * their values (default none).
   */
  default StringArrayParam frozenParameters() {
    return networkParams().frozenParameters;
  }

  /**
   * Param: what the learning rate of parameters of a TorchScript network is multiplied by, each as
   * pattern=factor, with a regular expression for whole names; of several that fit the first holds
   * (default none).
   */
  default StringArrayParam learningRateFactors() {
    return networkParams().learningRateFactors;
  }

  /** Param: arguments of a provider of one's own, each as name=value (default none). */
  default StringArrayParam networkArguments() {
    return networkParams().networkArguments;
  }

  /** Value of {@link #network}. */
  default String getNetwork() {
    return getOrDefault(network());
  }

  /** Value of {@link #hiddenLayers}. */
  default int[] getHiddenLayers() {
    return getOrDefault(hiddenLayers());
  }

  /** Value of {@link #dropout}. */
  default double getDropout() {
    return (double) getOrDefault(dropout());
  }

  /** Value of {@link #batchNorm}. */
  default boolean getBatchNorm() {
    return (boolean) getOrDefault(batchNorm());
  }

  /** Value of {@link #networkProvider}. */
  default String getNetworkProvider() {
    return getOrDefault(networkProvider());
  }

  /** Value of {@link #batchNormScope}. */
  default String getBatchNormScope() {
    return getOrDefault(batchNormScope());
  }

  /** Value of {@link #torchScriptStandardization}. */
  default boolean getTorchScriptStandardization() {
    return (boolean) getOrDefault(torchScriptStandardization());
  }

  /** Value of {@link #initialModel}. */
  default Object getInitialModel() {
    return getOrDefault(initialModel());
  }

  /** Value of {@link #frozenParameters}. */
  default String[] getFrozenParameters() {
    return getOrDefault(frozenParameters());
  }

  /** Value of {@link #learningRateFactors}. */
  default String[] getLearningRateFactors() {
    return getOrDefault(learningRateFactors());
  }

  /** Value of {@link #networkArguments}. */
  default String[] getNetworkArguments() {
    return getOrDefault(networkArguments());
  }

  /** Sets {@link #network}. */
  default S setNetwork(String value) {
    return chained(network(), value);
  }

  /** Sets {@link #hiddenLayers}. */
  default S setHiddenLayers(int... value) {
    return chained(hiddenLayers(), value);
  }

  /** Sets {@link #dropout}. */
  default S setDropout(double value) {
    return chained(dropout(), value);
  }

  /** Sets {@link #batchNorm}. */
  default S setBatchNorm(boolean value) {
    return chained(batchNorm(), value);
  }

  /** Sets {@link #networkProvider}. */
  default S setNetworkProvider(String value) {
    return chained(networkProvider(), value);
  }

  /** Sets {@link #batchNormScope}. */
  default S setBatchNormScope(String value) {
    return chained(batchNormScope(), value);
  }

  /** Sets {@link #torchScriptStandardization}. */
  default S setTorchScriptStandardization(boolean value) {
    return chained(torchScriptStandardization(), value);
  }

  /** Sets {@link #initialModel} to the path of a saved model; empty for none. */
  default S setInitialModel(String path) {
    return chained(initialModel(), path);
  }

  /** Sets {@link #initialModel}; an estimator that has a model itself cannot be saved. */
  default S setInitialModel(FocalLossClassificationModel model) {
    return chained(initialModel(), model);
  }

  /** Sets {@link #frozenParameters}. */
  default S setFrozenParameters(String... value) {
    return chained(frozenParameters(), value);
  }

  /** Sets {@link #learningRateFactors}. */
  default S setLearningRateFactors(String... value) {
    return chained(learningRateFactors(), value);
  }

  /** Sets {@link #networkArguments}. */
  default S setNetworkArguments(String... value) {
    return chained(networkArguments(), value);
  }

  /** The network: sets {@link #networkProvider} and {@link #networkArguments}. */
  default S setNetwork(Class<? extends NetworkProvider> provider, Map<String, String> arguments) {
    setNetworkProvider(provider.getName());
    return setNetworkArguments(
        arguments.entrySet().stream()
            .map(e -> e.getKey() + "=" + e.getValue())
            .toArray(String[]::new));
  }

  /** The params themselves; one holder per owner. */
  final class Holder implements Serializable {

    private static final long serialVersionUID = 1L;

    final Param<String> network;
    final IntArrayParam hiddenLayers;
    final DoubleParam dropout;
    final BooleanParam batchNorm;
    final Param<String> networkProvider;
    final StringArrayParam networkArguments;
    final Param<String> batchNormScope;
    final BooleanParam torchScriptStandardization;
    final Param<Object> initialModel;
    final StringArrayParam frozenParameters;
    final StringArrayParam learningRateFactors;

    Holder(Params owner) {
      network =
          new Param<>(
              owner,
              "network",
              "tabular (for columns, which may be categories or missing), mlp (a multilayer perceptron of numbers), linear, cnn, resnet18, torchscript:PATH, or auto: by the columns and the params that are set",
              ParamCheck.name("network", NetworkChoice::named));
      hiddenLayers =
          new IntArrayParam(
              owner,
              "hiddenLayers",
              "widths of the hidden layers; 0 alone for those of the network",
              ParamCheck.hiddenLayers("hiddenLayers"));
      dropout =
          new DoubleParam(
              owner,
              "dropout",
              "share of hidden values that are zeroed while training; -1 for that of the network",
              ParamCheck.fractionOr("dropout", -1));
      batchNorm =
          new BooleanParam(
              owner,
              "batchNorm",
              "whether hidden layers are normalised over the rows of all ranks");
      networkProvider =
          new Param<>(
              owner,
              "networkProvider",
              "class name of the NetworkProvider that builds the network");
      networkArguments =
          new StringArrayParam(
              owner,
              "networkArguments",
              "arguments of a provider of one's own, each as name=value",
              ParamCheck.pairs("networkArguments"));
      batchNormScope =
          new Param<>(
              owner,
              "batchNormScope",
              "whether batch norm (of mlp, cnn and resnet18) is over the rows of all ranks (global) or of each rank alone (local)",
              ParamCheck.name("batchNormScope", Choices::batchNormScope));
      owner.setDefault(batchNormScope, "global");
      torchScriptStandardization =
          new BooleanParam(
              owner,
              "torchScriptStandardization",
              "whether the features of a TorchScript network are standardized as those of other networks are");
      owner.setDefault(torchScriptStandardization, false);
      initialModel =
          new ModelParam(
              owner,
              "initialModel",
              "a model, or the path of a saved one, whose weights the training begins with: of the same network, or of one that differs in its output layer alone");
      owner.setDefault(initialModel, "");
      frozenParameters =
          new StringArrayParam(
              owner,
              "frozenParameters",
              "regular expressions for whole names of parameters of a TorchScript network that keep their values");
      learningRateFactors =
          new StringArrayParam(
              owner,
              "learningRateFactors",
              "what the learning rate of parameters of a TorchScript network is multiplied by, each as pattern=factor",
              ParamCheck.pairs("learningRateFactors"));
      owner.setDefault(frozenParameters, new String[0]);
      owner.setDefault(learningRateFactors, new String[0]);
      owner.setDefault(network, "auto");
      owner.setDefault(hiddenLayers, NetworkChoice.OWN_LAYERS);
      owner.setDefault(dropout, NetworkChoice.OWN_DROPOUT);
      owner.setDefault(batchNorm, false);
      owner.setDefault(networkProvider, MlpNetwork.class.getName());
      owner.setDefault(networkArguments, new String[0]);
    }
  }
}
