package io.sparkfocal.persist;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Locale;
import java.util.Objects;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.jspecify.annotations.Nullable;

/**
 * A file in a run's folder that says which application trains the run.
 *
 * <p>Its name holds the number of the owner, which rises when another application takes the run
 * over, and a count that rises with each renewal; a renewal writes a new file before it deletes the
 * one before. So whoever only lists the folder sees whether the owner lives, by whether the name
 * changes within {@link Holder#validMillis}; no clocks of two hosts are compared.
 *
 * <p>Not thread-safe.
 */
public final class RunLease {

  /** Names of lease files. */
  static final Pattern NAME = Pattern.compile("_lease-(\\d{6})-(\\d{12})");

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String APPLICATION = "application";
  private static final String HOST = "host";
  private static final String VALID_MILLIS = "validMillis";
  private static final String TOKEN = "token";
  private static final long MILLIS_TO_CONFIRM = 1000;
  private static final int TRIES = 5;
  private static final long MILLIS_BETWEEN_TRIES = 50;

  /**
   * Who has a lease.
   *
   * @param application Spark's id of it
   * @param host of its driver
   * @param validMillis how long the lease holds after a renewal
   */
  public record Holder(String application, String host, long validMillis) {

    @Override
    public String toString() {
      return "application " + application + " on host " + host;
    }
  }

  /**
   * What the name of a lease file says.
   *
   * @param owner the application's number among the owners of the run, from 1
   * @param renewals how often it has renewed the lease
   */
  public record State(int owner, long renewals) {

    private String fileName() {
      return String.format(Locale.ROOT, "_lease-%06d-%012d", owner, renewals);
    }

    private boolean isAfter(State other) {
      return owner == other.owner ? renewals > other.renewals : owner > other.owner;
    }
  }

  private final Path folder;
  private final FileSystem files;
  private final Holder self;
  private final String token = UUID.randomUUID().toString();
  private @Nullable State own;

  /**
   * The lease of a run, not taken yet.
   *
   * @param parent folder of the checkpoints of all runs
   * @param self this application
   * @throws IOException if there is no such file system
   */
  public RunLease(String parent, String run, Configuration hadoop, Holder self) throws IOException {
    this.folder = new Path(parent, run);
    this.files = folder.getFileSystem(hadoop);
    this.self = self;
  }

  /** Name of the run. */
  public String run() {
    return folder.getName();
  }

  /**
   * The newest lease in the folder; null if there is none.
   *
   * @throws IOException if the file system does not answer
   */
  public @Nullable State state() throws IOException {
    State newest = null;
    for (FileStatus file : list()) {
      Matcher name = NAME.matcher(file.getPath().getName());
      if (name.matches()) {
        State found = new State(Integer.parseInt(name.group(1)), Long.parseLong(name.group(2)));
        newest = newest == null || found.isAfter(newest) ? found : newest;
      }
    }
    return newest;
  }

  private FileStatus[] list() throws IOException {
    try {
      return files.listStatus(folder);
    } catch (FileNotFoundException e) {
      return new FileStatus[0];
    }
  }

  /**
   * Who holds a lease that was found; one that cannot be read is taken to hold as long as our own.
   *
   * @throws IOException if the file system does not answer
   */
  public Holder holder(State found) throws IOException {
    JsonNode json = read(found);
    State newest = found;
    // A renewal may replace the file, and be half-written itself, while it is read.
    for (int i = 0; i < TRIES && !json.has(APPLICATION) && newest != null; i++) {
      pause(MILLIS_BETWEEN_TRIES);
      newest = state();
      json = newest == null ? json : read(newest);
    }
    return new Holder(
        json.path(APPLICATION).asText("unknown"),
        json.path(HOST).asText("unknown"),
        json.path(VALID_MILLIS).asLong(self.validMillis));
  }

  private static boolean pause(long millis) {
    try {
      Thread.sleep(millis);
      return true;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  private JsonNode read(State found) {
    try (FSDataInputStream in = files.open(new Path(folder, found.fileName()))) {
      JsonNode json = JSON.readTree(in.readAllBytes());
      return json == null ? JSON.createObjectNode() : json;
    } catch (IOException e) {
      return JSON.createObjectNode();
    }
  }

  /**
   * Takes the lease of a new run, which nobody else can know.
   *
   * @throws IOException if it cannot be written
   */
  public void begin() throws IOException {
    State first = new State(1, 0);
    write(first, true);
    own = first;
  }

  /**
   * Takes over the lease of a run that nobody trains any more. Of two applications that try at the
   * same time one succeeds: by the file system where it creates a file once only (HDFS, local
   * disks), else by reading after a second who wrote last.
   *
   * @param before the lease that was found to be left; null if there was none
   * @return false if another application was faster: the lease is not that one any more, or the
   *     folder is gone
   * @throws IOException if it cannot be written
   */
  public boolean takeOver(@Nullable State before) throws IOException {
    State next = new State(before == null ? 1 : before.owner + 1, 0);
    if (!Objects.equals(before, state()) || list().length == 0) {
      return false;
    }
    try {
      write(next, false);
    } catch (IOException e) {
      if (!Objects.equals(before, state())) {
        return false;
      }
      throw e;
    }
    boolean waited = pause(MILLIS_TO_CONFIRM);
    boolean written = token.equals(read(next).path(TOKEN).asText());
    if (!waited || !written || !next.equals(state())) {
      if (written) {
        files.delete(new Path(folder, next.fileName()), false);
      }
      return false;
    }
    own = next;
    deleteOlder(next);
    return true;
  }

  private void write(State state, boolean overwrite) throws IOException {
    byte[] content =
        JSON.writeValueAsBytes(
            JSON.createObjectNode()
                .put(APPLICATION, self.application)
                .put(HOST, self.host)
                .put(VALID_MILLIS, self.validMillis)
                .put(TOKEN, token));
    try (OutputStream out = files.create(new Path(folder, state.fileName()), overwrite)) {
      out.write(content);
    }
  }

  /** Those of earlier owners, and of this one before its last renewal. */
  private void deleteOlder(State newest) throws IOException {
    for (FileStatus file : list()) {
      Matcher name = NAME.matcher(file.getPath().getName());
      if (name.matches()
          && newest.isAfter(
              new State(Integer.parseInt(name.group(1)), Long.parseLong(name.group(2))))) {
        files.delete(file.getPath(), false);
      }
    }
  }

  /**
   * Tells the others that this application lives.
   *
   * @return false if the lease is lost, since another application took it over or the folder is
   *     gone; it is not renewed any more then
   * @throws IOException if the file system does not answer; the lease may still be renewed later
   */
  public boolean renew() throws IOException {
    State before = own;
    if (before == null) {
      return false;
    }
    State found = state();
    if (found == null || !isOwn(found, before)) {
      own = null;
      return false;
    }
    State next = new State(found.owner, found.renewals + 1);
    write(next, true);
    own = next;
    deleteOlder(next);
    return true;
  }

  /**
   * Whether this application wrote it. The number alone does not say so, since numbers begin again
   * when a lease was given back; the file may be half-written, by this application if the number is
   * its own.
   */
  private boolean isOwn(State found, State last) {
    return found.owner == last.owner && read(found).path(TOKEN).asText(token).equals(token);
  }

  /**
   * Gives the lease back, so that another application may go on with the run at once; a folder with
   * nothing else in it is deleted.
   *
   * @throws IOException if the file system does not answer; the lease then ends with its time
   */
  public void release() throws IOException {
    State last = own;
    own = null;
    if (last == null) {
      return;
    }
    State found = state();
    if (found == null || !isOwn(found, last)) {
      return;
    }
    deleteOlder(new State(last.owner, Long.MAX_VALUE));
    if (list().length == 0) {
      files.delete(folder, false);
    }
  }
}
