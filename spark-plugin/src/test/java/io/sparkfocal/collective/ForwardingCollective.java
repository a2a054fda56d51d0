package io.sparkfocal.collective;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** Another collective, of which tests change one thing. */
public abstract class ForwardingCollective implements Collective {

  private final Collective target;

  /** Forwards to this one, which is closed with it. */
  protected ForwardingCollective(Collective target) {
    this.target = target;
  }

  @Override
  public int rank() {
    return target.rank();
  }

  @Override
  public int world() {
    return target.world();
  }

  @Override
  public Memory memory() {
    return target.memory();
  }

  @Override
  public void allReduce(ByteBuffer values, Precision precision) {
    target.allReduce(values, precision);
  }

  @Override
  public void broadcast(ByteBuffer bytes, int root) {
    target.broadcast(bytes, root);
  }

  @Override
  public void barrier() {
    target.barrier();
  }

  @Override
  public void finish() {
    target.finish();
  }

  @Override
  public @Nullable String failure() {
    return target.failure();
  }

  @Override
  public boolean isAborted() {
    return target.isAborted();
  }

  @Override
  public void abort(String reason) {
    target.abort(reason);
  }

  @Override
  public void close() {
    target.close();
  }
}
