package io.sparkfocal.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.sparkfocal.data.Standardization;
import io.sparkfocal.persist.Checkpoint;
import io.sparkfocal.persist.CheckpointFolder;
import io.sparkfocal.persist.RunLease;
import io.sparkfocal.testing.SessionFileSystem;
import io.sparkfocal.train.Floats;
import io.sparkfocal.train.LoopState;
import io.sparkfocal.train.OptimizerState;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.util.Progressable;
import org.apache.spark.util.SerializableConfiguration;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which run an application goes on with, and which folders it deletes. */
@Timeout(120)
class RunCheckpointsTest {

  private static final Configuration HADOOP = new Configuration(false);
  private static final Map<String, String> PLAN = Map.of("network", "small");
  private static final RunLease.Holder FIRST = new RunLease.Holder("app-1", "h1", 1500);
  private static final RunLease.Holder SECOND = new RunLease.Holder("app-2", "h2", 1500);
  private static final Duration KEEP = Duration.ZERO;

  @TempDir Path folder;

  private CheckpointPlan plan(String run) {
    return new CheckpointPlan(
        folder.toUri().toString(), run, 1, 0, 2, new SerializableConfiguration(HADOOP));
  }

  private RunCheckpoints begin(String run, boolean resume, RunLease.Holder self) {
    return RunCheckpoints.of(plan(run), PLAN, resume, self, KEEP);
  }

  private void writeCheckpoint(String run) throws IOException {
    LoopState state =
        new LoopState(
            1, 1, 10, 0, 1, Floats.of(1), new OptimizerState(1, Map.of()), null, List.of(), 1);
    new CheckpointFolder(folder.toUri().toString(), run, HADOOP)
        .write(
            new Checkpoint(PLAN, new Standardization(new double[] {0}, new double[] {1}), state),
            2,
            () -> false);
  }

  /** What a driver leaves that was killed. */
  private void leaveBehind(String run, RunLease.Holder killed) throws IOException {
    new RunLease(folder.toUri().toString(), run, HADOOP, killed).begin();
    writeCheckpoint(run);
  }

  private static String name(String begin) {
    return begin + "-0123456789abcdef";
  }

  private boolean isThere(String run) {
    return Files.exists(folder.resolve(run));
  }

  @Test
  void aRunThatAnotherApplicationTrainsIsNotGoneOnWithAndNotDeleted() throws Exception {
    try (RunCheckpoints first = begin(name("a"), false, FIRST)) {
      writeCheckpoint(name("a"));
      try (RunCheckpoints second = begin(name("b"), true, SECOND)) {
        assertThat(second.newest()).isNull();
        second.delete();
      }
      assertThat(isThere(name("b"))).isFalse();
      assertThat(first.newest()).isNotNull();
    }
  }

  @Test
  void aRunThatEndedBadlyIsGoneOnWithAtOnceAndByOneApplication() throws Exception {
    try (RunCheckpoints first = begin(name("a"), false, FIRST)) {
      writeCheckpoint(name("a"));
      assertThat(first.newest()).isNotNull();
    }
    try (RunCheckpoints second = begin(name("b"), true, SECOND)) {
      assertThat(second.newest()).isNotNull();
      try (RunCheckpoints third = begin(name("c"), true, FIRST)) {
        assertThat(third.newest()).isNull();
      }
      second.delete();
    }
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void whatARankCannotReadIsLeftOut() throws Exception {
    leaveBehind(name("a"), FIRST);
    try (RunCheckpoints second = begin(name("b"), true, SECOND)) {
      CheckpointFolder.Found found = second.newest();
      assertThat(found.run()).isEqualTo(name("a"));
      second.leaveOut(found);
      assertThat(second.newest()).isNull();
      writeCheckpoint(name("b"));
      found = second.newest();
      assertThat(found.run()).isEqualTo(name("b"));
      second.leaveOut(found);
      assertThat(second.newest()).isNull();
      second.delete();
    }
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void aRunWhoseDriverWasKilledIsGoneOnWithWhenItsLeaseHasRunOut() throws Exception {
    leaveBehind(name("a"), FIRST);
    try (RunCheckpoints second = begin(name("b"), true, SECOND)) {
      assertThat(second.newest()).isNotNull();
      second.delete();
    }
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void ofTwoApplicationsThatTakeARunOverAtTheSameTimeOneGetsIt() throws Exception {
    leaveBehind(name("a"), FIRST);
    List<CompletableFuture<RunCheckpoints>> both =
        Stream.of("b", "c")
            .map(run -> CompletableFuture.supplyAsync(() -> begin(name(run), true, SECOND)))
            .toList();
    int got = 0;
    for (CompletableFuture<RunCheckpoints> one : both) {
      try (RunCheckpoints checkpoints = one.get()) {
        got += checkpoints.newest() == null ? 0 : 1;
      }
    }
    assertThat(got).isEqualTo(1);
  }

  @Test
  void aRunOfAnotherPlanIsRefusedUnlessItIsBeingTrained() throws Exception {
    Map<String, String> other = Map.of("network", "large");
    try (RunCheckpoints first = begin(name("a"), false, FIRST)) {
      writeCheckpoint(name("a"));
      try (RunCheckpoints second = RunCheckpoints.of(plan(name("b")), other, true, SECOND, KEEP)) {
        assertThat(second.newest()).isNull();
      }
      assertThat(first.newest()).isNotNull();
    }
    assertThatIllegalArgumentException()
        .isThrownBy(() -> RunCheckpoints.of(plan(name("b")), other, true, SECOND, KEEP))
        .withMessageMatching("Checkpoint \\S+ has another network: small, but .* large; .*");
    assertThat(isThere(name("b"))).isFalse();
  }

  @Test
  void aRunThatWasTakenOverIsNotRenewedByItsFirstOwner() throws Exception {
    RunLease first = new RunLease(folder.toUri().toString(), name("a"), HADOOP, FIRST);
    first.begin();
    assertThat(first.renew()).isTrue();
    RunLease second = new RunLease(folder.toUri().toString(), name("a"), HADOOP, SECOND);
    assertThat(second.takeOver(second.state())).isTrue();
    assertThat(first.renew()).isFalse();
    first.release();
    assertThat(second.renew()).isTrue();
    assertThat(second.holder(second.state())).isEqualTo(SECOND);
    assertThat(second.state()).isEqualTo(new RunLease.State(2, 1));
    second.release();
    assertThat(folder).isEmptyDirectory();
  }

  private RunLease lease(RunLease.Holder holder) throws IOException {
    return new RunLease(folder.toUri().toString(), name("a"), HADOOP, holder);
  }

  @Test
  void aRunThatAFasterApplicationTookOverAndTrainsIsNotTakenFromIt() throws Exception {
    leaveBehind(name("a"), FIRST);
    LeaseWatch slow = new LeaseWatch(plan(name("b")), List.of(name("a")), SECOND);
    assertThat(slow.isTrained(name("a"))).isFalse();
    RunLease fast = lease(FIRST);
    assertThat(fast.takeOver(fast.state())).isTrue();
    assertThat(fast.renew()).isTrue();
    assertThat(slow.takeOver(name("a"))).isNull();
    assertThat(fast.renew()).isTrue();
    assertThat(fast.state()).isEqualTo(new RunLease.State(2, 2));
  }

  /** Something that another application does. */
  private interface Event {

    void run() throws IOException;
  }

  /** The local disk, where something happens just before a lease is written for the first time. */
  public static final class Late extends SessionFileSystem {

    private static final AtomicReference<Event> BEFORE = new AtomicReference<>();

    /** Made by Hadoop. */
    public Late() {}

    @Override
    public FSDataOutputStream create(
        org.apache.hadoop.fs.Path path,
        boolean overwrite,
        int bufferSize,
        short replication,
        long blockSize,
        Progressable progress)
        throws IOException {
      Event before = BEFORE.getAndSet(null);
      if (before != null) {
        before.run();
      }
      return super.create(path, overwrite, bufferSize, replication, blockSize, progress);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2})
  void aRunThatIsTakenOverBetweenALookAndTheWriteStaysWithWhoTookIt(int renewals) throws Exception {
    leaveBehind(name("a"), FIRST);
    RunLease fast = lease(FIRST);
    Late.BEFORE.set(
        () -> {
          assertThat(fast.takeOver(fast.state())).isTrue();
          for (int i = 0; i < renewals; i++) {
            assertThat(fast.renew()).isTrue();
          }
        });
    Configuration late = new Configuration(false);
    late.set("fs.myfs.impl", Late.class.getName());
    late.set("fs.myfs.impl.disable.cache", "true");
    RunLease slow = new RunLease("myfs://" + folder, name("a"), late, SECOND);
    assertThat(slow.takeOver(slow.state())).isFalse();
    assertThat(folder.resolve(name("a")))
        .isDirectoryContaining("glob:**/_lease-000002-00000000000" + renewals)
        .isDirectoryNotContaining("glob:**/_lease-000002-00000000000[!" + renewals + "]");
    assertThat(fast.renew()).isTrue();
    assertThat(slow.renew()).isFalse();
  }

  @Test
  void aRunThatAFasterApplicationFinishedIsNotTakenOver() throws Exception {
    writeCheckpoint(name("a"));
    LeaseWatch slow = new LeaseWatch(plan(name("b")), List.of(name("a")), SECOND);
    assertThat(slow.isTrained(name("a"))).isFalse();
    new CheckpointFolder(folder.toUri().toString(), name("a"), HADOOP).delete();
    assertThat(slow.takeOver(name("a"))).isNull();
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void anOwnerThatSleptDoesNotTakeTheLeaseOfALaterOneWithItsNumberForItsOwn() throws Exception {
    RunLease slept = lease(FIRST);
    slept.begin();
    writeCheckpoint(name("a"));
    RunLease second = lease(SECOND);
    assertThat(second.takeOver(second.state())).isTrue();
    second.release();
    RunLease third = lease(SECOND);
    assertThat(third.takeOver(null)).isTrue();
    assertThat(third.state()).isEqualTo(new RunLease.State(1, 0));
    assertThat(slept.renew()).isFalse();
    slept.release();
    assertThat(third.renew()).isTrue();
  }

  @Test
  void aFitThatLostItsRunDoesNotDeleteWhatAnotherApplicationTrains() throws Exception {
    RunLease.Holder unheard = new RunLease.Holder("app-1", "h1", 3_600_000);
    try (RunCheckpoints first = begin(name("a"), false, unheard)) {
      writeCheckpoint(name("a"));
      RunLease second = lease(SECOND);
      assertThat(second.takeOver(second.state())).isTrue();
      first.delete();
      assertThat(first.newest()).isNotNull();
      assertThat(second.renew()).isTrue();
    }
  }

  @Test
  void aFolderThatIsGoneIsNotMadeAgainByARenewal() throws Exception {
    RunLease lease = new RunLease(folder.toUri().toString(), name("a"), HADOOP, FIRST);
    lease.begin();
    new CheckpointFolder(folder.toUri().toString(), name("a"), HADOOP).delete();
    assertThat(lease.renew()).isFalse();
    lease.release();
    assertThat(folder).isEmptyDirectory();
  }

  private void age(String run, Duration age) throws IOException {
    try (Stream<Path> files = Files.list(folder.resolve(run))) {
      for (Path file : files.toList()) {
        Files.setLastModifiedTime(file, FileTime.from(Instant.now().minus(age)));
      }
    }
  }

  @Test
  void foldersOfRunsThatEndedBadlyAreDeletedWhenTheyAreOld() throws Exception {
    for (String run : List.of("old", "killed", "young", "foreign")) {
      leaveBehind(name(run), FIRST);
    }
    writeCheckpoint("otherwise-named");
    Files.writeString(folder.resolve(name("foreign")).resolve("notes.txt"), "of a user");
    Files.delete(folder.resolve(name("old")).resolve("_lease-000001-000000000000"));
    for (String run : List.of(name("old"), name("killed"), name("foreign"), "otherwise-named")) {
      age(run, Duration.ofDays(8));
    }
    age(name("young"), Duration.ofDays(6));
    try (RunCheckpoints keeping = begin(name("a"), false, FIRST)) {
      assertThat(keeping.newest()).isNull();
    }
    assertThat(isThere(name("old"))).isTrue();
    try (RunCheckpoints cleaning =
        RunCheckpoints.of(plan(name("b")), PLAN, false, SECOND, Duration.ofDays(7))) {
      Awaitility.await()
          .atMost(Duration.ofSeconds(30))
          .until(() -> !isThere(name("old")) && !isThere(name("killed")));
      assertThat(cleaning.newest()).isNull();
    }
    assertThat(isThere(name("young"))).isTrue();
    assertThat(isThere(name("foreign"))).isTrue();
    assertThat(isThere("otherwise-named")).isTrue();
  }

  @Test
  void anOldRunThatThisFitGoesOnWithIsNotDeletedUnderIt() throws Exception {
    leaveBehind(name("a"), FIRST);
    age(name("a"), Duration.ofDays(30));
    try (RunCheckpoints second =
        RunCheckpoints.of(plan(name("b")), PLAN, true, SECOND, Duration.ofDays(7))) {
      assertThat(second.newest()).isNotNull();
    }
    // Closing waits for the clean-up.
    assertThat(isThere(name("a"))).isTrue();
  }
}
