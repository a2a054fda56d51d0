package io.sparkfocal.persist;

import java.io.BufferedReader;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.io.compress.CompressionCodec;
import org.apache.hadoop.io.compress.CompressionCodecFactory;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A saved model: the files of {@link ModelFiles}, the training summary in {@code summary.json}, and
 * Spark ML's metadata, one line of JSON in the folder {@code metadata}.
 *
 * <p>Spark's own writer of metadata uses the file systems of the application on Spark 3.5 and those
 * of the session on Spark 4; this one uses what it is given.
 */
public final class ModelFolder {

  private static final Logger LOG = LoggerFactory.getLogger(ModelFolder.class);
  private static final String METADATA = "metadata";
  private static final String SUMMARY = "summary.json";

  private ModelFolder() {}

  /**
   * Writes a model, the metadata last; what was written goes again if it cannot be finished.
   *
   * @param folder of any Hadoop file system
   * @param metadata of {@code DefaultParamsWriter}
   * @param summary of the training, for {@link #summary}; null without one
   */
  public static void write(
      TrainedNetwork network,
      String metadata,
      @Nullable String summary,
      String folder,
      Configuration hadoop)
      throws IOException {
    Path path = new Path(folder);
    FileSystem files = path.getFileSystem(hadoop);
    boolean isNew = !files.exists(path);
    boolean done = false;
    try {
      ModelFiles.write(network, folder, hadoop);
      if (summary != null) {
        write(files, new Path(path, SUMMARY), summary);
      }
      Path lines = new Path(path, METADATA);
      write(files, new Path(lines, "part-00000"), metadata + "\n");
      write(files, new Path(lines, "_SUCCESS"), "");
      done = true;
    } finally {
      if (!done && isNew) {
        deleteQuietly(files, path);
      }
    }
  }

  private static void write(FileSystem files, Path path, String text) throws IOException {
    try (OutputStream out = files.create(path, true)) {
      out.write(text.getBytes(StandardCharsets.UTF_8));
    }
  }

  /** The summary that a model was written with; null if there was none. */
  public static byte @Nullable [] summary(String folder, Configuration hadoop) throws IOException {
    Path path = new Path(folder, SUMMARY);
    try (InputStream in = path.getFileSystem(hadoop).open(path)) {
      return in.readAllBytes();
    } catch (FileNotFoundException e) {
      return null;
    }
  }

  private static void deleteQuietly(FileSystem files, Path path) {
    try {
      files.delete(path, true);
    } catch (IOException | RuntimeException e) {
      LOG.warn("{}, a model that is not whole, cannot be deleted: {}", path, e.toString());
    }
  }

  /**
   * The metadata of a model, whichever Spark wrote it.
   *
   * @throws IllegalArgumentException if there is none
   */
  public static String metadata(String folder, Configuration hadoop) throws IOException {
    Path lines = new Path(folder, METADATA);
    FileSystem files = lines.getFileSystem(hadoop);
    for (FileStatus file : list(files, lines)) {
      String line = isPart(file) ? firstLine(files, file.getPath(), hadoop) : null;
      if (line != null && !line.isBlank()) {
        return line;
      }
    }
    throw new IllegalArgumentException(
        lines + " has no metadata; the folder is no saved FocalLossClassificationModel.");
  }

  private static FileStatus[] list(FileSystem files, Path path) throws IOException {
    try {
      FileStatus[] found = files.listStatus(path);
      Arrays.sort(found);
      return found;
    } catch (FileNotFoundException e) {
      return new FileStatus[0];
    }
  }

  /** As Spark's and Hadoop's readers see it. */
  private static boolean isPart(FileStatus file) {
    String name = file.getPath().getName();
    return file.isFile() && !name.startsWith("_") && !name.startsWith(".");
  }

  private static @Nullable String firstLine(FileSystem files, Path path, Configuration hadoop)
      throws IOException {
    CompressionCodec codec = new CompressionCodecFactory(hadoop).getCodec(path);
    try (InputStream raw = files.open(path);
        InputStream in = codec == null ? raw : codec.createInputStream(raw);
        BufferedReader reader =
            new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8))) {
      return reader.readLine();
    }
  }
}
