package io.sparkfocal.testing;

import java.io.IOException;
import java.net.URI;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.hadoop.util.Progressable;
import org.apache.spark.sql.SparkSession;

/** The local disk under a scheme that only a session's settings know, as keys of object stores. */
public class SessionFileSystem extends RawLocalFileSystem {

  /** How many checkpoints were begun in this JVM. */
  public static final AtomicInteger CHECKPOINTS = new AtomicInteger();

  /** Made by Hadoop. */
  public SessionFileSystem() {}

  /** Tells the session, and nothing else, of it. */
  public static void install(SparkSession session, Class<? extends SessionFileSystem> type) {
    session.conf().set("fs.myfs.impl", type.getName());
    session.conf().set("fs.myfs.impl.disable.cache", "true");
  }

  @Override
  public URI getUri() {
    return URI.create("myfs:///");
  }

  @Override
  public String getScheme() {
    return "myfs";
  }

  @Override
  public FSDataOutputStream create(
      Path path,
      boolean overwrite,
      int bufferSize,
      short replication,
      long blockSize,
      Progressable progress)
      throws IOException {
    if (path.getName().contains("checkpoint-")) {
      CHECKPOINTS.incrementAndGet();
    }
    return super.create(path, overwrite, bufferSize, replication, blockSize, progress);
  }

  /** One that is full when the weights come. */
  public static final class Full extends SessionFileSystem {

    /** Made by Hadoop. */
    public Full() {}

    @Override
    public FSDataOutputStream create(
        Path path,
        boolean overwrite,
        int bufferSize,
        short replication,
        long blockSize,
        Progressable progress)
        throws IOException {
      if (path.getName().startsWith("weights")) {
        throw new IOException("No space left on device");
      }
      return super.create(path, overwrite, bufferSize, replication, blockSize, progress);
    }
  }
}
