package io.sparkfocal.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.ParameterStore;
import io.sparkfocal.losses.Autograd;
import io.sparkfocal.testing.TorchScriptFiles;
import io.sparkfocal.train.FlatParameters;
import io.sparkfocal.train.ParameterSlice;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.assertj.core.api.AbstractThrowableAssert;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(120)
class TorchScriptNetworkTest {

  private static final int FEATURES = TorchScriptFiles.FEATURES;
  private static final int CLASSES = TorchScriptFiles.CLASSES;
  private static final String TIED = "tied.pt";

  static List<TorchScriptFiles.Run> runs() {
    return TorchScriptFiles.runs();
  }

  private static TorchScriptNetwork network(byte[] file, ParameterRules rules) {
    return new TorchScriptNetwork(file, new Shape(FEATURES), CLASSES, rules);
  }

  private static TorchScriptNetwork network(String file) {
    return network(TorchScriptFiles.bytes(file), ParameterRules.none());
  }

  private static ParameterRules frozen(String... patterns) {
    return new ParameterRules(List.of(patterns), Map.of());
  }

  private static float[] logits(TorchScriptNetwork network, NDArray rows) {
    return network
        .forward(new ParameterStore(rows.getManager(), false), new NDList(rows), false)
        .singletonOrThrow()
        .toFloatArray();
  }

  private static NDArray rows(NDManager manager) {
    return manager.arange(5f * FEATURES).sin().reshape(5, FEATURES);
  }

  private static AbstractThrowableAssert<?, ?> assertRefused(
      TorchScriptNetwork network, int features) {
    try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
      return assertThatThrownBy(() -> FlatParameters.of(network, features, manager, 1))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void parametersHavePyTorchsNamesAndATiedWeightOne() {
    try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
      FlatParameters parameters = FlatParameters.of(network(TIED), FEATURES, manager, 1);

      assertThat(parameters.slices())
          .extracting(ParameterSlice::name)
          .containsExactly("first.weight", "first.bias", "second.bias", "head.weight", "head.bias");
    }
  }

  @ParameterizedTest
  @MethodSource("runs")
  void valuesOfTheFileAreKeptAndTheFlatOnesAreThoseItComputesWith(TorchScriptFiles.Run run) {
    try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
      TorchScriptNetwork network = run.network();
      network.initialize(manager, DataType.FLOAT32, new Shape(1, FEATURES));
      float[] before = logits(network, rows(manager));
      FlatParameters parameters = FlatParameters.of(network, FEATURES, manager, 1);

      assertThat(logits(network, rows(manager))).containsExactly(before);
      parameters.set(new float[(int) parameters.all().size()]);
      assertThat(logits(network, rows(manager))).containsOnly(0);
      assertThat(network.getParameters().values())
          .allSatisfy(p -> assertThat(p.getArray().toFloatArray()).containsOnly(0));
    }
  }

  @Test
  void noRowsGiveNoLogits() {
    try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
      TorchScriptNetwork network = network("control_flow.pt");
      FlatParameters.of(network, FEATURES, manager, 1);

      assertThat(
              network
                  .forward(
                      new ParameterStore(manager, false),
                      new NDList(manager.zeros(new Shape(0, FEATURES))),
                      false)
                  .singletonOrThrow()
                  .getShape())
          .isEqualTo(new Shape(0, CLASSES));
    }
  }

  @Test
  void scoringKeepsNoGraph() {
    try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
      TorchScriptNetwork network = network(TIED);
      FlatParameters.of(network, FEATURES, manager, 1);
      TensorProgram program = new TensorProgram(manager);
      for (boolean training : new boolean[] {true, false}) {
        NDArray logits =
            Autograd.recorded(
                () ->
                    network
                        .forward(
                            new ParameterStore(manager, false), new NDList(rows(manager)), training)
                        .singletonOrThrow());
        assertThat(program.hasGraph(logits)).isEqualTo(training);
      }
    }
  }

  @Test
  void aFileIsWrittenWithPresentValuesAndAllElseAsItWas() {
    try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
      TorchScriptNetwork network = network(TorchScriptFiles.bytes(TIED), frozen("head\\..*"));
      FlatParameters parameters = FlatParameters.of(network, FEATURES, manager, 1);
      float[] values = parameters.values().toArray();
      for (int i = 0; i < values.length; i++) {
        values[i] *= 1.5f;
      }
      parameters.set(values);
      TorchScriptNetwork again = network(network.write(), ParameterRules.none());
      FlatParameters read = FlatParameters.of(again, FEATURES, manager, 1);

      assertThat(logits(again, rows(manager))).containsExactly(logits(network, rows(manager)));
      // Still tied, and not frozen.
      assertThat(read.slices()).hasSize(5).allMatch(s -> s.end() <= read.trained().size());
    }
  }

  @Test
  void manyThreadsReadTheSameFileAtOnce() throws Exception {
    byte[] file = TorchScriptFiles.bytes("normalized.pt");
    Callable<float[]> work =
        () -> {
          try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
            TorchScriptNetwork network =
                new TorchScriptNetwork(file, new Shape(2, 3), CLASSES, ParameterRules.none());
            FlatParameters.of(network, FEATURES, manager, 1);
            network.write();
            return logits(network, rows(manager));
          }
        };
    float[] alone = work.call();
    ExecutorService threads = Executors.newFixedThreadPool(4);
    try {
      for (Future<float[]> logits : threads.invokeAll(Collections.nCopies(24, work))) {
        assertThat(logits.get()).containsExactly(alone);
      }
    } finally {
      threads.shutdownNow();
    }
  }

  @Test
  void aFrozenModuleIsRefused() {
    assertRefused(network("frozen.pt"), FEATURES)
        .hasMessage(
            "The TorchScript network has no parameters, as after torch.jit.freeze; save it without"
                + " freezing.");
  }

  @Test
  void otherTypesThanFloat32AreRefused() {
    assertRefused(network("bfloat16.pt"), FEATURES)
        .hasMessage(
            "Parameter \"first.weight\" of the TorchScript network is bfloat16 or of another type"
                + " that DJL does not know, not float32; call network.float() before saving it.");
  }

  @Test
  void aStateDictIsRefused() {
    assertRefused(network("state_dict.pt"), FEATURES)
        .hasMessage(
            "The network's file cannot be read as TorchScript by PyTorch 2.7.1; save it with"
                + " torch.jit.script(network).save(path), not with torch.save: PytorchStreamReader"
                + " failed locating file constants.pkl: file not found.");
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 100, 4000})
  void anotherFileIsRefused(int length) {
    byte[] cut = Arrays.copyOf(TorchScriptFiles.bytes(TIED), length);
    byte[] text = "no archive ".repeat(length).getBytes(StandardCharsets.UTF_8);
    for (byte[] file : List.of(cut, text)) {
      assertRefused(network(file, ParameterRules.none()), FEATURES)
          .hasMessageStartingWith("The network's file cannot be read as TorchScript by PyTorch")
          .hasMessageNotContaining("\n");
    }
  }

  @Test
  void anInputOfAnotherWidthIsRefused() {
    TorchScriptNetwork network =
        new TorchScriptNetwork(
            TorchScriptFiles.bytes(TIED), new Shape(5), CLASSES, ParameterRules.none());
    assertRefused(network, 5)
        .hasMessage(
            "The TorchScript network cannot take a row of shape (5): mat1 and mat2 shapes cannot be"
                + " multiplied (1x5 and 6x6).");
    assertRefused(network, FEATURES)
        .hasMessage(
            "Rows of shape (5) have 5 values, but there are 6 features; give the shape of a row as"
                + " the TorchScript network takes it.");
  }

  @Test
  void anOutputOfAnotherWidthIsRefused() {
    TorchScriptNetwork network =
        new TorchScriptNetwork(
            TorchScriptFiles.bytes(TIED), new Shape(FEATURES), 4, ParameterRules.none());
    assertRefused(network, FEATURES)
        .hasMessage(
            "The TorchScript network gives [float32 (1, 3)] for a row, but must give one float32"
                + " (1, 4): the logits of 4 outputs.");
  }

  @Test
  void twoOutputsAreRefused() {
    assertRefused(network("two_outputs.pt"), FEATURES)
        .hasMessageStartingWith(
            "The TorchScript network gives [float32 (1, 3), float32 (1, 3)] for a row");
  }

  @Test
  void aNetworkOfWhichNothingIsTrainedIsRefused() {
    assertRefused(network(TorchScriptFiles.bytes(TIED), frozen(".*")), FEATURES)
        .hasMessage("All 5 parameters of the TorchScript network are frozen; freeze fewer.");
  }

  @Test
  void aPatternThatFitsNothingIsRefused() {
    assertRefused(network(TorchScriptFiles.bytes(TIED), frozen("head")), FEATURES)
        .hasMessage(
            "\"head\" fits no parameter of the network; there are 6 parameters: first.weight,"
                + " second.weight, first.bias, second.bias, head.weight, head.bias.");
  }

  @Test
  void rulesThatCannotHoldAreRefused() {
    assertThatThrownBy(() -> frozen("head("))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("\"head(\" is no regular expression for names of parameters: Unclosed group.");
    for (double factor : new double[] {0, -1, Double.NaN, Double.POSITIVE_INFINITY}) {
      assertThatThrownBy(() -> new ParameterRules(List.of(), Map.of("head", factor)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageStartingWith("The learning rate factor of \"head\" is " + factor);
    }
  }

  @Test
  void theFirstFactorThatFitsHolds() {
    Map<String, Double> factors = new LinkedHashMap<>();
    factors.put("head\\.bias", 2.0);
    factors.put("head\\..*", 3.0);
    ParameterRules rules = new ParameterRules(List.of(), factors);

    assertThat(rules.rateFactor(List.of("head.bias"))).isEqualTo(2);
    assertThat(rules.rateFactor(List.of("other", "head.weight"))).isEqualTo(3);
    assertThat(rules.rateFactor(List.of("my.head.weight"))).isEqualTo(1, Offset.offset(0.0));
  }
}
