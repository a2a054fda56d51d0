package io.sparkfocal.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.Device;
import ai.djl.engine.EngineException;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.AbstractBlock;
import ai.djl.nn.Block;
import ai.djl.nn.core.Linear;
import ai.djl.training.ParameterStore;
import ai.djl.util.PairList;
import io.sparkfocal.calibration.LogitLink;
import io.sparkfocal.collective.TensorCollective;
import io.sparkfocal.collective.local.SoloCollective;
import io.sparkfocal.losses.Autograd;
import io.sparkfocal.losses.ClassificationLoss;
import io.sparkfocal.losses.CrossEntropyLoss;
import io.sparkfocal.losses.LossCatalogue;
import io.sparkfocal.losses.Reduction;
import io.sparkfocal.network.ActivationBytes;
import io.sparkfocal.network.SequentialBlock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(180)
class EvaluatorTest {

  /** Rows that are made as they are asked for, once, as those that come from a file. */
  private static final class MadeUp implements Shard {

    private final NDManager manager;
    private final long rows;
    private final int width;
    private final int classes;
    private final List<Integer> asked = new ArrayList<>();
    private int expected = -1;
    private long mostRows = Long.MAX_VALUE;

    MadeUp(NDManager manager, long rows, int width, int classes) {
      this.manager = manager;
      this.rows = rows;
      this.width = width;
      this.classes = classes;
    }

    @Override
    public long rows() {
      return rows;
    }

    @Override
    public Batches ordered() {
      expected = -1;
      // As those of rows on the host, batches are freed with what brings them.
      NDManager own = manager.newSubManager();
      return new Batches() {
        private long given;

        @Override
        public Batch next(int count) {
          assertThat(count).isPositive().isLessThanOrEqualTo((int) (rows - given));
          assertThat(expected).isIn(-1, count);
          expected = -1;
          asked.add(count);
          if (count > mostRows) {
            throw new EngineException(OUT_OF_MEMORY);
          }
          NDArray numbers = own.arange((float) given, (float) (given + count), 1, DataType.FLOAT32);
          given += count;
          NDArray columns = own.arange(0f, width, 1, DataType.FLOAT32).reshape(1, width);
          return new Batch(
              numbers.reshape(count, 1).mul(0.37f).add(columns).sin(),
              numbers.toType(DataType.INT64, false).mod(classes),
              numbers.mul(0.1f).sin().add(2));
        }

        @Override
        public void expect(int count) {
          expected = count;
        }

        @Override
        public void skip(long count) {
          assertThat(given).isZero();
          given = count;
        }

        @Override
        public void close() {
          own.close();
        }
      };
    }

    @Override
    public Batches shuffled(Shuffle shuffle) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void close() {}
  }

  /** Passes on what memory suffices for. */
  private static final class Hungry extends AbstractBlock {

    private final long mostRows;
    private final String message;
    private final List<Long> tried = new ArrayList<>();

    Hungry(long mostRows, String message) {
      this.mostRows = mostRows;
      this.message = message;
    }

    @Override
    protected NDList forwardInternal(
        ParameterStore parameters,
        NDList inputs,
        boolean training,
        PairList<String, Object> params) {
      long rows = inputs.singletonOrThrow().getShape().get(0);
      tried.add(rows);
      if (rows > mostRows) {
        throw new EngineException(message);
      }
      return inputs;
    }

    @Override
    public Shape[] getOutputShapes(Shape[] inputShapes) {
      return inputShapes;
    }
  }

  private static final String OUT_OF_MEMORY =
      "CUDA out of memory. Tried to allocate 2.00 GiB\nException raised from malloc";

  private static Evaluator evaluator(Block network, int width, int classes, NDManager manager) {
    return evaluator(network, width, classes, CrossEntropyLoss.builder().build(), manager);
  }

  private static Evaluator evaluator(
      Block network, int width, int classes, ClassificationLoss loss, NDManager manager) {
    return new Evaluator(
        network,
        FlatParameters.of(network, width, manager, 1),
        loss.prepare(manager, DataType.FLOAT32),
        StepSums.couplesRows(loss),
        Reduction.MEAN,
        new TensorCollective(new SoloCollective()),
        manager,
        classes,
        LogitLink.plain(false),
        ValidationMetric.LOSS,
        AwaitedSum.betweenSigns(Duration.ofMinutes(2)));
  }

  @Test
  void signsComeWellWithinTheTimeThatARankWaits() {
    assertThat(AwaitedSum.betweenSigns(Duration.ofMinutes(2))).isEqualTo(Duration.ofSeconds(5));
    assertThat(AwaitedSum.betweenSigns(Duration.ofSeconds(4))).isEqualTo(Duration.ofSeconds(1));
  }

  private static Block linear(int units) {
    return Linear.builder().setUnits(units).build();
  }

  /** Batches of input, of activations and of logits are each too large in 8,192 rows. */
  @ParameterizedTest
  @CsvSource({"262144, 2, 2, 70", "10, 2, 20000, 300", "10, 300000, 2, 200"})
  void aBatchIsBoundedByBytes(int width, int hidden, int classes, int rows) {
    try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
      Block network = new SequentialBlock().add(linear(hidden)).add(linear(classes));
      Evaluator evaluator = evaluator(network, width, classes, manager);
      MadeUp shard = new MadeUp(manager, rows, width, classes);
      Evaluation all = Autograd.unrecorded(() -> evaluator.evaluate(shard, () -> {}));
      assertThat(shard.asked).hasSizeGreaterThan(1);
      assertThat(shard.asked.stream().mapToInt(count -> count).sum()).isEqualTo(rows);
      long largest = Math.max(width, Math.max(hidden, classes)) * (long) Float.BYTES;
      assertThat(shard.asked).allMatch(count -> count * largest <= 64 << 20);
      assertThat(all.loss()).isFinite();
    }
  }

  @Test
  void narrowRowsAreStillTaken8192AtOnce() {
    try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
      Block network = new SequentialBlock().add(linear(128)).add(linear(128)).add(linear(2));
      Evaluator evaluator = evaluator(network, 32, 2, manager);
      MadeUp shard = new MadeUp(manager, 10_000, 32, 2);
      Autograd.unrecorded(() -> evaluator.evaluate(shard, () -> {}));
      assertThat(shard.asked).containsExactly(8192, 1808);
    }
  }

  @Test
  void aRowThatIsLargerThanABatchMayBeIsTakenAlone() {
    try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
      int width = 9_000_000;
      Block network = linear(1);
      FlatParameters.of(network, width, manager, 1);
      assertThat(EvaluationBatch.bytesPerRow(network, 2)).isGreaterThan(EvaluationBatch.HOST_BYTES);
      assertThat(EvaluationBatch.rows(network, 2, Device.cpu())).isEqualTo(1);
      assertThat(EvaluationBatch.rows(network, 2, Device.gpu())).isEqualTo(14);
    }
  }

  @Test
  void theBytesOfARowAreItsFeaturesWhatTheLayersMakeOfThemAndWhatTheLossDoes() {
    try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
      Block network = new SequentialBlock().add(linear(50)).add(linear(30));
      FlatParameters.of(network, 7, manager, 1);
      assertThat(ActivationBytes.perRow(network)).isEqualTo(4 * (50 + 30));
      assertThat(EvaluationBatch.bytesPerRow(network, 30))
          .isEqualTo((2 * 4 * 7 + 8 + 4) + 4 * (50 + 30) + 12 * 4 * 30);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 7, 100, 333})
  void whereMemoryDoesNotSufficeTheSameRowsAreTakenInHalvesAndCountedOnce(int mostRows) {
    try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
      Evaluation ample = evaluated(new Hungry(1000, OUT_OF_MEMORY), 333, manager);
      Hungry hungry = new Hungry(mostRows, OUT_OF_MEMORY);
      Evaluation tight = evaluated(hungry, 333, manager);
      assertThat(tight.loss()).isCloseTo(ample.loss(), Offset.offset(1e-6));
      assertThat(tight.accuracy()).isEqualTo(ample.accuracy());
      assertThat(tight.macroRecall()).isEqualTo(ample.macroRecall());
      long counted = hungry.tried.stream().filter(rows -> rows <= mostRows).mapToLong(r -> r).sum();
      assertThat(counted).isEqualTo(333);
    }
  }

  private static Evaluation evaluated(Hungry hungry, int rows, NDManager manager) {
    Block network = new SequentialBlock().add(hungry).add(linear(3));
    Evaluator evaluator = evaluator(network, 4, 3, manager);
    MadeUp shard = new MadeUp(manager, rows, 4, 3);
    return Autograd.unrecorded(() -> evaluator.evaluate(shard, () -> {}));
  }

  /** What was learned of the memory holds for the batches and epochs that follow. */
  @Test
  void laterBatchesAreAsSmallFromTheBeginning() {
    try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
      Hungry hungry = new Hungry(5000, OUT_OF_MEMORY);
      Block network = new SequentialBlock().add(hungry).add(linear(3));
      Evaluator evaluator = evaluator(network, 4, 3, manager);
      MadeUp shard = new MadeUp(manager, 20_000, 4, 3);
      Autograd.unrecorded(() -> evaluator.evaluate(shard, () -> {}));
      assertThat(hungry.tried).containsExactly(8192L, 4096L, 4096L, 4096L, 4096L, 3616L);
      assertThat(shard.asked).containsExactly(8192, 4096, 4096, 3616);
      hungry.tried.clear();
      Autograd.unrecorded(() -> evaluator.evaluate(shard, () -> {}));
      assertThat(hungry.tried).containsExactly(4096L, 4096L, 4096L, 4096L, 3616L);
    }
  }

  /** As where a batch is copied to a GPU. */
  @Test
  void rowsThatMemoryDoesNotSufficeToBringAreBroughtInHalves() {
    try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
      Block network = new SequentialBlock().add(linear(3));
      Evaluator evaluator = evaluator(network, 4, 3, manager);
      MadeUp shard = new MadeUp(manager, 10_000, 4, 3);
      Evaluation ample = Autograd.unrecorded(() -> evaluator.evaluate(shard, () -> {}));
      shard.asked.clear();
      shard.mostRows = 3000;
      Evaluation tight = Autograd.unrecorded(() -> evaluator.evaluate(shard, () -> {}));
      assertThat(shard.asked).containsExactly(8192, 4096, 2048, 2048, 2048, 2048, 1808);
      assertThat(tight.loss()).isCloseTo(ample.loss(), Offset.offset(1e-6));
      assertThat(tight.accuracy()).isEqualTo(ample.accuracy());
    }
  }

  /** The loss of a row depends on the other rows that are seen with it. */
  @ParameterizedTest
  @CsvSource({
    "dice, 5000",
    "dice, 1000",
    "dice, 7",
    "ghm, 5000",
    "focalTversky, 300",
    "focal, 5000"
  })
  void theLossIsTheSameWhateverMemorySufficesFor(String name, int mostRows) {
    int rows = 20_000;
    ClassificationLoss loss = LossCatalogue.make(name, Map.of(), new long[] {1, 1, 1});
    try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
      List<Evaluation> found = new ArrayList<>();
      for (long most : new long[] {10_000, mostRows}) {
        Hungry hungry = new Hungry(most, OUT_OF_MEMORY);
        Block network = new SequentialBlock().add(hungry).add(linear(3));
        Evaluator evaluator = evaluator(network, 4, 3, loss, manager);
        MadeUp shard = new MadeUp(manager, rows, 4, 3);
        // What is brought is bounded too.
        shard.mostRows = most == mostRows ? 3 * most : most;
        found.add(Autograd.unrecorded(() -> evaluator.evaluate(shard, () -> {})));
        found.add(Autograd.unrecorded(() -> evaluator.evaluate(shard, () -> {})));
      }
      for (Evaluation other : found) {
        assertThat(other.loss()).isCloseTo(found.get(0).loss(), Offset.offset(1e-6));
        assertThat(other.accuracy()).isCloseTo(found.get(0).accuracy(), Offset.offset(1e-4));
      }
      // Else this would say nothing: rows do depend on each other.
      if (!name.equals("focal")) {
        Evaluator evaluator = evaluator(linear(3), 4, 3, loss, manager);
        Evaluation fewer =
            Autograd.unrecorded(() -> evaluator.evaluate(new MadeUp(manager, 50, 4, 3), () -> {}));
        assertThat(fewer.loss()).isNotCloseTo(found.get(0).loss(), Offset.offset(1e-4));
      }
    }
  }

  @Test
  void rowsThatALossSeesAtOnceAreBoundedByTheLogitsAndTheSameOnEveryDevice() {
    try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
      Block network = new SequentialBlock().add(linear(50_000)).add(linear(1000));
      FlatParameters.of(network, 7, manager, 1);
      assertThat(EvaluationBatch.rowsOfLoss(network, 1000)).isEqualTo((64 << 20) / (12 * 4 * 1000));
      Block narrow = new SequentialBlock().add(linear(300_000)).add(linear(2));
      FlatParameters.of(narrow, 2, manager, 1);
      assertThat(EvaluationBatch.rows(narrow, 2, Device.cpu())).isLessThan(100);
      assertThat(EvaluationBatch.rowsOfLoss(narrow, 2)).isEqualTo(8192);
    }
  }

  @Test
  void aRowThatIsTooMuchEndsTheEvaluationWithASentence() {
    try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
      assertThatThrownBy(() -> evaluated(new Hungry(0, OUT_OF_MEMORY), 5, manager))
          .isInstanceOf(MemoryException.class)
          .hasMessage(
              "Memory does not suffice to evaluate a single validation row; use a smaller network"
                  + " or a device with more memory: CUDA out of memory. Tried to allocate 2.00"
                  + " GiB");
    }
  }

  @Test
  void otherFailuresAreNotTriedAgain() {
    try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
      Hungry broken = new Hungry(0, "mat1 and mat2 shapes cannot be multiplied");
      assertThatThrownBy(() -> evaluated(broken, 5, manager))
          .isInstanceOf(EngineException.class)
          .hasMessage("mat1 and mat2 shapes cannot be multiplied");
      assertThat(broken.tried).containsExactly(5L);
    }
  }
}
