package io.sparkfocal.ml;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.sparkfocal.doctor.BadEnvironment;
import io.sparkfocal.job.BadSettings;
import io.sparkfocal.persist.BadFiles;
import io.sparkfocal.testing.BadInput;
import io.sparkfocal.testing.Samples;
import io.sparkfocal.testing.TestSpark;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerStageSubmitted;
import org.apache.spark.sql.SparkSession;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Wrong input gets one sentence, before any stage starts where it can be known. */
@Timeout(180)
class BadInputIT {

  static List<BadInput> table() {
    return Stream.of(
            BadData.all(), BadParams.all(), BadSettings.all(), BadFiles.all(), BadEnvironment.all())
        .flatMap(List::stream)
        .toList();
  }

  @Test
  void theTableIsLong() {
    assertThat(table()).hasSizeGreaterThanOrEqualTo(60);
    assertThat(table()).extracting(BadInput::name).doesNotHaveDuplicates();
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("table")
  void oneSentenceSaysWhatIsWrongAndNothingIsLost(BadInput input, @TempDir Path folder)
      throws Exception {
    SparkSession spark = TestSpark.local();
    AtomicInteger stages = new AtomicInteger();
    SparkListener counter =
        new SparkListener() {
          @Override
          public void onStageSubmitted(SparkListenerStageSubmitted submitted) {
            stages.incrementAndGet();
          }
        };
    BadInput.Place place = new BadInput.Place(spark, Samples.rows(spark, 60), folder);
    spark.sparkContext().addSparkListener(counter);
    try {
      Throwable thrown = catchThrowable(() -> input.attempt().in(place));
      assertThat(thrown).isNotNull().isNotInstanceOf(AssertionError.class);
      assertThat(thrown.getMessage()).matches(input.sentence());
      spark.sparkContext().listenerBus().waitUntilEmpty();
      if (input.onDriver()) {
        assertThat(stages).hasValue(0);
      }
    } finally {
      spark.sparkContext().removeSparkListener(counter);
    }
    Awaitility.await()
        .atMost(Duration.ofSeconds(10))
        .untilAsserted(
            () -> {
              assertThat(spark.sparkContext().statusTracker().getActiveJobIds()).isEmpty();
              assertThat(focalThreads()).isEmpty();
            });
  }

  private static List<String> focalThreads() {
    return Thread.getAllStackTraces().keySet().stream()
        .map(Thread::getName)
        .filter(name -> name.startsWith("focal-"))
        .toList();
  }
}
