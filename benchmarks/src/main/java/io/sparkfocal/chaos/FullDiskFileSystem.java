package io.sparkfocal.chaos;

import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.hadoop.fs.permission.FsPermission;
import org.apache.hadoop.util.Progressable;

/**
 * The local file system under the scheme {@code fulldisk}, on which nothing more can be written
 * while a marker file is there.
 */
public final class FullDiskFileSystem extends RawLocalFileSystem {

  static final String SCHEME = "fulldisk";

  /** Setting with the path of the marker. */
  static final String MARKER = "fs.fulldisk.marker";

  /** Bytes of a file that are written before the disk is found to be full. */
  private static final int ROOM = 1000;

  @Override
  public URI getUri() {
    return URI.create(SCHEME + ":///");
  }

  @Override
  public String getScheme() {
    return SCHEME;
  }

  @Override
  public FSDataOutputStream create(
      org.apache.hadoop.fs.Path file,
      FsPermission permission,
      boolean overwrite,
      int bufferSize,
      short replication,
      long blockSize,
      Progressable progress)
      throws IOException {
    return limited(super.create(file, overwrite, bufferSize, replication, blockSize, progress));
  }

  private FSDataOutputStream limited(OutputStream file) throws IOException {
    Path marker = Path.of(getConf().get(MARKER));
    OutputStream limited =
        new OutputStream() {
          private long written;

          @Override
          public void write(int value) throws IOException {
            write(new byte[] {(byte) value}, 0, 1);
          }

          @Override
          public void write(byte[] bytes, int from, int count) throws IOException {
            if (written + count > ROOM && Files.exists(marker)) {
              file.write(bytes, from, (int) Math.min(count, ROOM - written));
              throw new IOException("No space left on device");
            }
            file.write(bytes, from, count);
            written += count;
          }

          @Override
          public void close() throws IOException {
            file.close();
          }
        };
    return new FSDataOutputStream(limited, new FileSystem.Statistics(SCHEME));
  }
}
