package io.sparkfocal.persist;

import java.io.Closeable;
import java.io.IOException;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/** Bytes of a known number, read from any place; best from the first to the last. */
public interface SeekableBytes extends Closeable {

  /** How many there are. */
  long length();

  /**
   * Copies those {@code at} to {@code at + count} into the first places of the array.
   *
   * @throws IOException if they cannot be read
   */
  void read(long at, byte[] target, int count) throws IOException;

  @Override
  default void close() throws IOException {}

  /**
   * A file of any Hadoop file system.
   *
   * @throws IOException if it cannot be opened
   */
  static SeekableBytes of(Path path, Configuration hadoop) throws IOException {
    FileSystem files = path.getFileSystem(hadoop);
    long length = files.getFileStatus(path).getLen();
    FSDataInputStream in = files.open(path);
    return new SeekableBytes() {
      @Override
      public long length() {
        return length;
      }

      @Override
      public void read(long at, byte[] target, int count) throws IOException {
        in.seek(at);
        in.readFully(target, 0, count);
      }

      @Override
      public void close() throws IOException {
        in.close();
      }
    };
  }
}
