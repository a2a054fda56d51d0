package io.sparkfocal.persist;

import io.sparkfocal.train.LoopState;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.OutputStream;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.UUID;
import java.util.function.BooleanSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.ChecksumException;
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
  private static final int PIECE = 1 << 20;

  /**
   * A checkpoint and where it lies.
   *
   * @param run name of its run
   * @param file its path
   */
  public record Found(String run, String file) {

    /** Whether a sentence says that this cannot be read. */
    public boolean isUnreadable(@Nullable String sentence) {
      return sentence != null && sentence.contains(Safetensors.unreadable("Checkpoint " + file));
    }
  }

  /**
   * A checkpoint that was whole; to be closed.
   *
   * @param file its path
   * @throws IOException if it is there no more or cannot be read, as {@link Found#isUnreadable}
   *     knows; its tensors throw the same, unchecked
   */
  public static Checkpoint open(String file, Configuration hadoop) throws IOException {
    try {
      return Checkpoint.read(SeekableBytes.of(new Path(file), hadoop), "Checkpoint " + file);
    } catch (IOException e) {
      throw unreadable(file, e);
    }
  }

  /** What {@link Found#isUnreadable} knows. */
  public static IOException unreadable(String file, Exception cause) {
    return new IOException(Safetensors.unreadable("Checkpoint " + file) + cause, cause);
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
   * A folder as an absolute address, which means the same on every host: one without a file system
   * is of the default one, a relative one is below the working directory there.
   *
   * @throws IOException if there is no such file system
   */
  public static String qualified(String folder, Configuration hadoop) throws IOException {
    Path path = new Path(folder);
    return path.getFileSystem(hadoop).makeQualified(path).toString();
  }

  /**
   * Requires that a folder can be looked for.
   *
   * @throws IOException if the file system does not answer
   */
  public static void requireReachable(String folder, Configuration hadoop) throws IOException {
    Path path = new Path(folder);
    path.getFileSystem(hadoop).exists(path);
  }

  /** Whether a file in the folder of a run has a name that this library gives. */
  static boolean isOurs(String name) {
    String finished = name.startsWith(UNFINISHED) ? name.substring(UNFINISHED.length()) : name;
    return NAME.matcher(finished).matches() || RunLease.NAME.matcher(name).matches();
  }

  /**
   * Writes a checkpoint, then deletes all but the newest.
   *
   * @param kept how many stay, at least 1
   * @param tooLate whether the run has ended meanwhile, so that it is not to be kept
   * @throws IOException if it cannot be written; nothing of it is left then, and the others stay
   */
  public void write(Checkpoint checkpoint, int kept, BooleanSupplier tooLate) throws IOException {
    LoopState state = checkpoint.state();
    // Another attempt's may be written at the same time.
    String other = UUID.randomUUID().toString().replace("-", "");
    Path unfinished = new Path(folder, UNFINISHED + name(state, other));
    MessageDigest digest = digest();
    String name;
    boolean done = false;
    try {
      boolean whole;
      try (OutputStream out = new DigestOutputStream(files.create(unfinished, true), digest)) {
        whole = checkpoint.write(out, tooLate);
      }
      name = name(state, name(digest));
      Path target = new Path(folder, name);
      done = whole && !tooLate.getAsBoolean() && files.rename(unfinished, target);
      if (tooLate.getAsBoolean()) {
        deleteQuietly(target);
      } else if (!done && !files.exists(target)) {
        throw new IOException(unfinished + " cannot be renamed to " + name + ".");
      }
    } finally {
      if (!done) {
        deleteQuietly(unfinished);
      }
    }
    List<FileStatus> older = newestFirst();
    older.removeIf(file -> file.getPath().getName().equals(name));
    older.stream().skip(kept - 1L).forEach(file -> deleteQuietly(file.getPath()));
  }

  private static String name(LoopState state, String digest) {
    return String.format(
        Locale.ROOT, "checkpoint-%06d-%012d-%s.safetensors", state.epoch(), state.step(), digest);
  }

  private void deleteQuietly(Path path) {
    try {
      files.delete(path, true);
    } catch (IOException | RuntimeException e) {
      LOG.warn("{} cannot be deleted: {}", path, e.toString());
    }
  }

  /** Deletes the folder with all that is in it; says so in the log if that fails. */
  public void delete() {
    deleteQuietly(folder);
  }

  /**
   * The newest checkpoint of this run that is whole; null if there is none. Damaged ones are
   * deleted, or they would pass for the newest again and again; unreadable ones are not.
   *
   * @param leftOut what is passed over
   * @throws IOException if the file system does not answer
   */
  public @Nullable Found newest(Set<Found> leftOut) throws IOException {
    for (FileStatus status : newestFirst()) {
      Path path = status.getPath();
      Found found = new Found(folder.getName(), path.toString());
      if (!leftOut.contains(found) && isWhole(path)) {
        return found;
      }
    }
    return null;
  }

  /** Whether the bytes of a file are those it was written with. */
  private boolean isWhole(Path path) {
    Matcher name = NAME.matcher(path.getName());
    MessageDigest digest = digest();
    try (FSDataInputStream in = files.open(path)) {
      byte[] piece = new byte[PIECE];
      for (int count = in.read(piece); count >= 0; count = in.read(piece)) {
        digest.update(piece, 0, count);
      }
      if (name.matches() && name(digest).equals(name.group(3))) {
        return true;
      }
      LOG.warn("Checkpoint {} is damaged; the one before it is used.", path);
      deleteQuietly(path);
    } catch (ChecksumException e) {
      LOG.warn("Checkpoint {} is damaged; the one before it is used: {}", path, e.toString());
      deleteQuietly(path);
    } catch (IOException e) {
      LOG.warn("Checkpoint {} cannot be read; the one before it is used: {}", path, e.toString());
    }
    return false;
  }

  /**
   * The names of all runs in a folder, that which wrote a checkpoint last first; those that wrote
   * none are left out.
   *
   * @throws IOException if the file system does not answer
   */
  public static List<String> runs(String parent, Configuration hadoop) throws IOException {
    Path path = new Path(parent);
    FileSystem files = path.getFileSystem(hadoop);
    List<FileStatus> checkpoints = new ArrayList<>();
    for (FileStatus run : list(files, path)) {
      if (run.isDirectory()) {
        checkpoints.addAll(checkpoints(files, run.getPath()));
      }
    }
    checkpoints.sort(Comparator.comparingLong(FileStatus::getModificationTime).reversed());
    return checkpoints.stream()
        .map(status -> status.getPath().getParent().getName())
        .distinct()
        .toList();
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

  private static MessageDigest digest() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("This Java runtime lacks SHA-256.", e);
    }
  }

  private static String name(MessageDigest digest) {
    return HexFormat.of().formatHex(digest.digest(), 0, 16);
  }
}
