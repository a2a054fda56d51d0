package io.sparkfocal.collective.local;

import io.sparkfocal.collective.Collective;
import io.sparkfocal.collective.CollectiveException;
import io.sparkfocal.collective.HostBuffers;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** The only rank of a world of one: checks its arguments and leaves them as they are. */
public final class SoloCollective implements Collective {

  private volatile @Nullable String failure;

  /** Rank 0 of 1. */
  public SoloCollective() {}

  @Override
  public int rank() {
    return 0;
  }

  @Override
  public int world() {
    return 1;
  }

  @Override
  public void allReduce(ByteBuffer values, Precision precision) {
    HostBuffers.floats(values);
    requireRunning();
  }

  @Override
  public void broadcast(ByteBuffer bytes, int root) {
    HostBuffers.bytes(bytes);
    HostBuffers.root(root, 1);
    requireRunning();
  }

  @Override
  public void barrier() {
    requireRunning();
  }

  private void requireRunning() {
    String reason = failure;
    if (reason != null) {
      throw new CollectiveException(reason);
    }
  }

  @Override
  public @Nullable String failure() {
    return failure;
  }

  @Override
  public boolean isAborted() {
    return failure != null;
  }

  @Override
  public void abort(String reason) {
    if (failure == null) {
      failure = reason;
    }
  }

  @Override
  public void close() {
    if (failure == null) {
      failure = "Rank 0 of 1 is closed.";
    }
  }
}
