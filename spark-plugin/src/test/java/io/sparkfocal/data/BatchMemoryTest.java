package io.sparkfocal.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.ndarray.NDManager;
import io.sparkfocal.train.Batches;
import io.sparkfocal.train.FusedKernels;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BatchMemoryTest {

  @ParameterizedTest
  @CsvSource({"1", "32", "65536", "262144", "100000000"})
  void aBatchAndARowMoreStaysBelow2GiB(int width) {
    long rows = BatchMemory.mostRows(width);
    assertThat((rows + 1) * RowCursor.Target.bytes(width, 0))
        .isLessThanOrEqualTo(Integer.MAX_VALUE);
    assertThat((rows + 2) * RowCursor.Target.bytes(width, 0)).isGreaterThan(Integer.MAX_VALUE);
  }

  @ParameterizedTest
  @CsvSource({"268435453", "2147483647"})
  void aRowThatIsTooWideIsNamed(int width) {
    BatchMemory.require(1, 268_435_452);
    assertThatThrownBy(() -> BatchMemory.require(1, width))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "A row of "
                + width
                + " features is larger than 1 GiB; use at most 268435452 features.");
  }

  /** As where the rows of a step are many more on one rank than on the others. */
  @ParameterizedTest
  @CsvSource({"262144, 2047, 2046", "65536, 8191, 8190"})
  void aRankNamesWhatToLowerWhereItsRowsDoNotFit(int width, int rows, int most) {
    try (NDManager manager = NDManager.newBaseManager("PyTorch");
        RankRows ofRank = new BuiltRows(width).asRank();
        Batches batches = ofRank.training(manager, FusedKernels.none()).ordered()) {
      assertThatThrownBy(() -> batches.next(rows))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage(
              "A worker has %d rows of %d features in a step, but only %d fit in 2 GiB; lower batchSize, or raise numWorkers.",
              rows, width, most);
    }
  }
}
