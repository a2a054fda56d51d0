package io.sparkfocal.persist;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.OutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The checkpoints of one run, in a folder of any Hadoop file system.
 *
 * <p>A file's name holds epoch, step and the first half of the SHA-256 of its bytes; it is written
 * under another name first and renamed. So a file that is half-written, on a file system whose
 * rename copies too, or damaged later is found out, and the one before is used.
 */
public final class CheckpointFolder {

  private static final Logger LOG = LoggerFactory.getLogger(CheckpointFolder.class);
  private static final Pattern NAME =
      Pattern.compile("checkpoint-(\\d{6})-(\\d{12})-([0-9a-f]{32})\\.safetensors");
  private static final String UNFINISHED = "_unfinished-";

  /**
   * A checkpoint and where it lies.
   *
   * @param run name of its run
   * @param file its path
   * @param bytes of {@link Checkpoint#encode}
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  public record Found(String run, String file, byte[] bytes) {

    /** What is in it. */
    public Checkpoint checkpoint() {
      return Checkpoint.decode(bytes, file);
    }
  }

  private final Path folder;
  private final FileSystem files;

  /**
   * The folder of a run, which need not exist yet.
   *
   * @param parent folder of the checkpoints of all runs
   * @throws IOException if there is no such file system
   */
  public CheckpointFolder(String parent, String run, Configuration hadoop) throws IOException {
    this.folder = new Path(parent, run);
    this.files = folder.getFileSystem(hadoop);
  }

  /**
   * Writes a checkpoint, then deletes all but the newest.
   *
   * @param kept how many stay, at least 1
   * @throws IOException if it cannot be written; nothing of it is left then, and the others stay
   */
  public void write(Checkpoint checkpoint, int kept) throws IOException {
    byte[] bytes = checkpoint.encode();
    String name =
        "checkpoint-%06d-%012d-%s.safetensors"
            .formatted(checkpoint.state().epoch(), checkpoint.state().step(), digest(bytes));
    Path target = new Path(folder, name);
    Path unfinished = new Path(folder, UNFINISHED + name);
    boolean done = false;
    try {
      try (OutputStream out = files.create(unfinished, true)) {
        out.write(bytes);
      }
      done = files.rename(unfinished, target) || files.exists(target);
      if (!done) {
        throw new IOException(unfinished + " cannot be renamed to " + name + ".");
      }
    } finally {
      if (!done) {
        deleteQuietly(unfinished);
      }
    }
    List<FileStatus> all = newestFirst();
    all.subList(Math.min(kept, all.size()), all.size()).forEach(f -> deleteQuietly(f.getPath()));
  }

  private void deleteQuietly(Path path) {
    try {
      files.delete(path, true);
    } catch (IOException e) {
      LOG.warn("{} cannot be deleted: {}", path, e.toString());
    }
  }

  /** Deletes the folder with all that is in it; says so in the log if that fails. */
  public void delete() {
    deleteQuietly(folder);
  }

  /**
   * The newest checkpoint of this run that is whole; null if there is none.
   *
   * @throws IOException if the file system does not answer
   */
  public @Nullable Found newest() throws IOException {
    return firstWhole(files, newestFirst());
  }

  private static @Nullable Found firstWhole(FileSystem files, List<FileStatus> checkpoints) {
    for (FileStatus status : checkpoints) {
      byte[] bytes = whole(files, status.getPath());
      if (bytes != null) {
        Path path = status.getPath();
        return new Found(path.getParent().getName(), path.toString(), bytes);
      }
    }
    return null;
  }

  /** The bytes of a file, if they are those it was written with. */
  private static byte @Nullable [] whole(FileSystem files, Path path) {
    Matcher name = NAME.matcher(path.getName());
    try (FSDataInputStream in = files.open(path)) {
      byte[] bytes = in.readAllBytes();
      if (name.matches() && digest(bytes).equals(name.group(3))) {
        return bytes;
      }
      LOG.warn("Checkpoint {} is damaged; the one before it is used.", path);
    } catch (IOException e) {
      LOG.warn("Checkpoint {} cannot be read; the one before it is used: {}", path, e.toString());
    }
    return null;
  }

  /**
   * The newest checkpoint of any run in a folder that is whole; null if there is none.
   *
   * @throws IOException if the file system does not answer
   */
  public static @Nullable Found newestOfAll(String parent, Configuration hadoop)
      throws IOException {
    Path path = new Path(parent);
    FileSystem files = path.getFileSystem(hadoop);
    List<FileStatus> checkpoints = new ArrayList<>();
    for (FileStatus run : list(files, path)) {
      if (run.isDirectory()) {
        checkpoints.addAll(checkpoints(files, run.getPath()));
      }
    }
    checkpoints.sort(
        Comparator.comparingLong(FileStatus::getModificationTime)
            .thenComparing(status -> status.getPath().getName())
            .reversed());
    return firstWhole(files, checkpoints);
  }

  private List<FileStatus> newestFirst() throws IOException {
    List<FileStatus> found = checkpoints(files, folder);
    found.sort(Comparator.comparing((FileStatus f) -> f.getPath().getName()).reversed());
    return found;
  }

  private static List<FileStatus> checkpoints(FileSystem files, Path run) throws IOException {
    List<FileStatus> found = new ArrayList<>();
    for (FileStatus status : list(files, run)) {
      if (NAME.matcher(status.getPath().getName()).matches()) {
        found.add(status);
      }
    }
    return found;
  }

  private static FileStatus[] list(FileSystem files, Path path) throws IOException {
    try {
      return files.listStatus(path);
    } catch (FileNotFoundException e) {
      return new FileStatus[0];
    }
  }

  private static String digest(byte[] bytes) {
    try {
      byte[] digest = MessageDigest.getInstance("SHA-256").digest(bytes);
      return HexFormat.of().formatHex(digest, 0, 16);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("This Java runtime lacks SHA-256.", e);
    }
  }
}
