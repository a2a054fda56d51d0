package io.sparkfocal.persist;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.function.BooleanSupplier;
import java.util.regex.Pattern;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Folders of runs that ended badly long ago and that nobody went on with.
 *
 * <p>Their age is the time between the newest file in them and the newest of the run that looks, so
 * that only times of the file system are compared. A run that is being trained renews its lease, so
 * it is never old.
 */
public final class StaleRuns {

  private static final Logger LOG = LoggerFactory.getLogger(StaleRuns.class);
  private static final Pattern RUN = Pattern.compile(".+-[0-9a-f]{16}");

  private StaleRuns() {}

  /**
   * Deletes those that are older than {@code retention}. A folder that this library did not make,
   * or that anything else lies in, is left alone.
   *
   * @param parent folder of the checkpoints of all runs
   * @param run that looks, and has written its lease
   * @param stop whether to leave the rest for another time
   * @throws IOException if the file system does not answer
   */
  public static void delete(
      String parent, String run, Configuration hadoop, Duration retention, BooleanSupplier stop)
      throws IOException {
    Path path = new Path(parent);
    FileSystem files = path.getFileSystem(hadoop);
    long now = newest(list(files, new Path(path, run)));
    if (now == 0) {
      return;
    }
    for (FileStatus folder : list(files, path)) {
      String name = folder.getPath().getName();
      if (stop.getAsBoolean()) {
        return;
      }
      if (folder.isDirectory() && RUN.matcher(name).matches() && !name.equals(run)) {
        deleteIfOld(files, folder.getPath(), now, retention);
      }
    }
  }

  private static void deleteIfOld(FileSystem files, Path run, long now, Duration retention)
      throws IOException {
    FileStatus[] content = list(files, run);
    boolean ours =
        content.length > 0
            && Arrays.stream(content)
                .allMatch(f -> f.isFile() && CheckpointFolder.isOurs(f.getPath().getName()));
    Duration age = Duration.ofMillis(now - newest(content));
    if (ours && age.compareTo(retention) > 0) {
      files.delete(run, true);
      LOG.info(
          "Checkpoints in {} are deleted: nothing was written there for {} h", run, age.toHours());
    }
  }

  private static long newest(FileStatus[] content) {
    return Arrays.stream(content).mapToLong(FileStatus::getModificationTime).max().orElse(0);
  }

  private static FileStatus[] list(FileSystem files, Path path) throws IOException {
    try {
      return files.listStatus(path);
    } catch (FileNotFoundException e) {
      return new FileStatus[0];
    }
  }
}
