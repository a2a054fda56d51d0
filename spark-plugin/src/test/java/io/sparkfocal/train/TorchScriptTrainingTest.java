package io.sparkfocal.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.SequentialBlock;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.IValueUtils;
import ai.djl.pytorch.jni.JniUtils;
import ai.djl.training.ParameterStore;
import io.sparkfocal.collective.Collective;
import io.sparkfocal.collective.TensorCollective;
import io.sparkfocal.collective.local.LocalGroup;
import io.sparkfocal.collective.local.SoloCollective;
import io.sparkfocal.losses.Autograd;
import io.sparkfocal.losses.Reduction;
import io.sparkfocal.network.ParameterRules;
import io.sparkfocal.network.RankStep;
import io.sparkfocal.network.TorchScriptNetwork;
import io.sparkfocal.testing.Ranks;
import io.sparkfocal.testing.TorchScriptFiles;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** TorchScript networks in the training loop, beside PyTorch's own training of them. */
@Timeout(180)
class TorchScriptTrainingTest {

  private static final int FEATURES = TorchScriptFiles.FEATURES;
  private static final int CLASSES = TorchScriptFiles.CLASSES;
  private static final TorchScriptFiles.Rows ROWS = TorchScriptFiles.rows();
  private static final int COUNT = ROWS.labels().length;
  private static final int[] ALL = IntStream.range(0, COUNT).toArray();
  private static final Sgd RULE = new Sgd(0.9, 0.01);

  /** What a rank ends with: losses before each step, values by name, logits of all rows, a file. */
  private record Ended(
      float[] losses, Map<String, float[]> values, float[] logits, byte[] written) {}

  static List<TorchScriptFiles.Run> runs() {
    return TorchScriptFiles.runs();
  }

  private static Batch batch(NDManager manager, int... numbers) {
    float[] features = new float[numbers.length * FEATURES];
    long[] labels = new long[numbers.length];
    float[] weights = new float[numbers.length];
    Arrays.fill(weights, 1);
    for (int i = 0; i < numbers.length; i++) {
      System.arraycopy(ROWS.features(), numbers[i] * FEATURES, features, i * FEATURES, FEATURES);
      labels[i] = ROWS.labels()[numbers[i]];
    }
    return new Batch(
        manager.create(features, new Shape(numbers.length, FEATURES)),
        manager.create(labels, new Shape(numbers.length)),
        manager.create(weights, new Shape(numbers.length)));
  }

  private static Shard shard(NDManager manager, int... numbers) {
    return FusedKernels.none()
        .shard(batch(manager, numbers), shuffle -> shuffle.order(numbers.length));
  }

  private static Ended train(
      TorchScriptFiles.Run run, int steps, Collective collective, RunSize size, int... numbers) {
    List<Float> losses = new ArrayList<>();
    TrainingListener listener =
        new TrainingListener() {
          @Override
          public void beforeStep() {}

          @Override
          public void epochCompleted(EpochReport report) {
            losses.add((float) report.trainingLoss());
          }
        };
    try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
      TensorCollective tensors = new TensorCollective(collective);
      RankStep step = new RankStep(1, tensors);
      TorchScriptNetwork network = run.network();
      // Ranks have other seeds: the values of the file are those that count.
      FlatParameters parameters =
          FlatParameters.of(network, FEATURES, manager, collective.rank() + 1L);
      TrainingLoop loop =
          new TrainingLoop(
              network,
              parameters,
              new LossSpec(
                  "crossEntropy",
                  Map.of(),
                  new long[] {10, 10, 10},
                  new float[0],
                  0,
                  Reduction.MEAN),
              CLASSES,
              TrainingRun.settings(steps, COUNT, RULE, 0.1),
              step,
              tensors,
              Duration.ofMinutes(1),
              listener,
              FusedKernels.none(),
              manager);
      Trained.of(loop.run(shard(manager, numbers), shard(manager), size));
      return new Ended(
          array(losses),
          values(parameters),
          logits(network, batch(manager, ALL).features()),
          network.write());
    }
  }

  private static float[] array(List<Float> values) {
    float[] array = new float[values.size()];
    for (int i = 0; i < array.length; i++) {
      array[i] = values.get(i);
    }
    return array;
  }

  private static Map<String, float[]> values(FlatParameters parameters) {
    Map<String, float[]> values = new LinkedHashMap<>();
    parameters.slices().forEach(s -> values.put(s.name(), s.of(parameters.all()).toFloatArray()));
    return values;
  }

  private static float[] logits(TorchScriptNetwork network, NDArray features) {
    ParameterStore store = new ParameterStore(features.getManager(), false);
    return network.forward(store, new NDList(features), false).singletonOrThrow().toFloatArray();
  }

  private static Ended alone(TorchScriptFiles.Run run, int steps) {
    return train(run, steps, new SoloCollective(), new RunSize(COUNT, COUNT, 0), ALL);
  }

  private static List<Ended> dealt(TorchScriptFiles.Run run, int steps, int[]... rowsOfRanks) {
    LocalGroup group = LocalGroup.of(rowsOfRanks.length, Duration.ofSeconds(60));
    List<Collective> members = new ArrayList<>();
    for (int rank = 0; rank < rowsOfRanks.length; rank++) {
      members.add(group.member(rank));
    }
    int largest = Arrays.stream(rowsOfRanks).mapToInt(rows -> rows.length).max().orElse(0);
    RunSize size = new RunSize(COUNT, largest, 0);
    return Ranks.run(members, c -> train(run, steps, c, size, rowsOfRanks[c.rank()]));
  }

  @ParameterizedTest
  @MethodSource("runs")
  void lossesAreThoseOfPyTorch(TorchScriptFiles.Run run) {
    Ended ended = alone(run, run.losses().length);

    assertThat(run.losses()).hasSize(50);
    assertThat(ended.losses()).containsExactly(run.losses(), Offset.offset(1e-4f));
    assertThat(ended.logits()).containsExactly(run.logits(), Offset.offset(1e-3f));
  }

  @ParameterizedTest
  @MethodSource("runs")
  void aWrittenFileGivesTheLogitsOfTheTrainedNetwork(TorchScriptFiles.Run run) {
    Ended ended = alone(run, 5);
    try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
      TorchScriptNetwork again =
          new TorchScriptNetwork(ended.written(), run.rowShape(), CLASSES, run.rules());
      FlatParameters parameters = FlatParameters.of(again, FEATURES, manager, 1);

      assertThat(logits(again, batch(manager, ALL).features())).containsExactly(ended.logits());
      assertThat(values(parameters)).containsExactlyEntriesOf(ended.values());
      assertThat(alone(run, 6).losses()[5])
          .isEqualTo(trainedOnce(ended.written(), run), Offset.offset(1e-6f));
    }
  }

  /** The loss of the first step from the values of a file. */
  private static float trainedOnce(byte[] file, TorchScriptFiles.Run run) {
    try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
      TorchScriptNetwork network =
          new TorchScriptNetwork(file, run.rowShape(), CLASSES, run.rules());
      FlatParameters.of(network, FEATURES, manager, 1);
      NDArray logits =
          manager.create(
              logits(network, batch(manager, ALL).features()), new Shape(COUNT, CLASSES));
      NDArray labels = manager.create(ROWS.labels(), new Shape(COUNT));
      return logits.logSoftmax(1).gather(labels.reshape(-1, 1), 1).neg().mean().toFloatArray()[0];
    }
  }

  @Test
  void frozenParametersKeepTheirBits() {
    TorchScriptFiles.Run plain = runs().get(0);
    TorchScriptFiles.Run run =
        new TorchScriptFiles.Run(
            plain.file(),
            plain.rowShape(),
            new ParameterRules(List.of("second\\.weight", "head\\..*"), Map.of()),
            new float[0],
            new float[0]);
    Map<String, float[]> before = alone(plain, 0).values();
    Map<String, float[]> after = alone(run, 5).values();

    // The tied weight, by its other name.
    for (String name : List.of("first.weight", "head.weight", "head.bias")) {
      assertThat(after.get(name)).containsExactly(before.get(name));
    }
    for (String name : List.of("first.bias", "second.bias")) {
      assertThat(after.get(name)).isNotEqualTo(before.get(name));
    }
    assertThat(after).containsOnlyKeys(before.keySet());
  }

  /** Control flow looks at all rows that a rank has. */
  static List<TorchScriptFiles.Run> runsThatTakeRowsOneByOne() {
    return runs().stream().filter(run -> !run.file().equals("control_flow.pt")).toList();
  }

  @ParameterizedTest
  @MethodSource("runsThatTakeRowsOneByOne")
  void ranksOfOneJvmTrainAsOne(TorchScriptFiles.Run run) {
    Ended one = alone(run, 20);
    List<Ended> three =
        dealt(
            run,
            20,
            IntStream.range(0, 8).toArray(),
            IntStream.range(8, COUNT).toArray(),
            new int[0]);

    assertThat(three.get(0).losses()).containsExactly(one.losses(), Offset.offset(1e-5f));
    for (Ended rank : three) {
      assertThat(rank.values()).containsExactlyEntriesOf(three.get(0).values());
      assertThat(rank.logits()).containsExactly(one.logits(), Offset.offset(1e-4f));
    }
  }

  /** PyTorch's optimizer of TorchScript would take other kernels after some calls. */
  @Test
  void gradientsHaveTheBitsOfCodeThatIsNotOptimized() throws IOException {
    TorchScriptFiles.Run run = runs().get(3);
    try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
      TorchScriptNetwork network = run.network();
      FlatParameters parameters = FlatParameters.of(network, FEATURES, manager, 1);
      NDList rows = new NDList(batch(manager, ALL).features());
      ParameterStore store = new ParameterStore(manager, false);
      for (int call = 0; call < 3; call++) {
        parameters.gradients().muli(0);
        addGradients(Autograd.recorded(() -> network.forward(store, rows, true)));
      }
      JniUtils.setGraphExecutorOptimize(false);
      PtSymbolBlock plain =
          JniUtils.loadModule(
              (PtNDManager) manager,
              new ByteArrayInputStream(TorchScriptFiles.bytes(run.file())),
              true,
              false);
      addGradients(Autograd.recorded(() -> IValueUtils.forward(plain, rows, true)));

      for (NDArray parameter : JniUtils.moduleGetParams(plain, (PtNDManager) manager)) {
        ParameterSlice slice =
            parameters.slices().stream()
                .filter(s -> s.name().equals(parameter.getName()))
                .findFirst()
                .orElseThrow();
        assertThat(slice.of(parameters.gradients()).toFloatArray())
            .containsExactly(parameter.getGradient().toFloatArray());
      }
    }
  }

  private static void addGradients(NDList logits) {
    NDArray found = logits.singletonOrThrow();
    Autograd.backward(
        found,
        found.getManager().arange((float) found.size()).sin().reshape(found.getShape()),
        false);
  }

  @Test
  void aNetworkWithinAnotherIsTrainedToo() {
    try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
      TorchScriptNetwork network = runs().get(4).network();
      SequentialBlock outer = new SequentialBlock().add(rows -> new NDList(rows)).add(network);
      FlatParameters parameters = FlatParameters.of(outer, FEATURES, manager, 1);
      float[] before = logits(network, batch(manager, ALL).features());
      Autograd.unrecorded(() -> parameters.all().muli(0.5f));

      assertThat(parameters.slices().get(0).name()).endsWith("TorchScriptNetwork_first.weight");
      assertThat(parameters.slices().get(0).rateFactor()).isEqualTo(0.1);
      assertThat(logits(network, batch(manager, ALL).features())).isNotEqualTo(before);
    }
  }

  @Test
  void float16IsRefused() {
    try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
      LossScale scale = new LossScale(1, manager);
      assertThatThrownBy(
              () -> FlatParameters.of(runs().get(0).network(), FEATURES, manager, 1, scale))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage(
              "precision is float16, but a TorchScript network computes in the float32 of its file;"
                  + " set precision to float32.");
    }
  }

  @ParameterizedTest
  @CsvSource({"adamW, true", "adamW, false", "sgd, true", "sgd, false"})
  void aFactorForAllIsAnotherLearningRate(String rule, boolean onHost) {
    float[] rated = updated(rule, onHost, new ParameterRules(List.of(), Map.of(".*", 0.25)), 0.04);
    float[] plain = updated(rule, onHost, ParameterRules.none(), 0.01);

    assertThat(rated).containsExactly(plain, Offset.offset(1e-6f));
  }

  private static float[] updated(
      String rule, boolean onHost, ParameterRules rules, double learningRate) {
    try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
      FlatParameters parameters =
          FlatParameters.of(
              new TorchScriptNetwork(
                  TorchScriptFiles.bytes("tied.pt"), new Shape(FEATURES), CLASSES, rules),
              FEATURES,
              manager,
              1);
      TensorCollective solo = new TensorCollective(new SoloCollective());
      Optimizer optimizer = rule.equals("sgd") ? RULE : new AdamW(0.1);
      TrainingSettings settings = TrainingRun.settings(1, 1, optimizer, learningRate);
      WeightUpdate update =
          RatedUpdate.of(
              onHost
                  ? new HostUpdate(parameters, solo, settings, manager)
                  : new TensorUpdate(parameters, solo, settings, manager),
              parameters,
              manager);
      assertThat(update instanceof RatedUpdate).isEqualTo(!rules.rateFactors().isEmpty());
      for (int step = 1; step <= 5; step++) {
        NDArray sines = manager.arange((float) parameters.trained().size()).mul(0.37f * step).sin();
        parameters.gradients().get("0:" + parameters.trained().size()).addi(sines);
        update.count(manager.create(new float[] {1, 1}));
        update.apply(learningRate);
      }
      return parameters.values().toArray();
    }
  }
}
