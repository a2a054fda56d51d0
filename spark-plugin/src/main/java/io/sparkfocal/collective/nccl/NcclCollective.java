package io.sparkfocal.collective.nccl;

import io.sparkfocal.collective.Collective;
import io.sparkfocal.collective.CollectiveException;
import io.sparkfocal.collective.HostBuffers;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.bytedeco.cuda.cudart.CUevent_st;
import org.bytedeco.cuda.global.nccl;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sums and copies the memory of the ranks' GPUs, in the order of PyTorch's stream.
 *
 * <p>An operation returns when NCCL has taken it, not when it is done; {@link #finish} waits. A
 * watchdog looks after what is under way: an error of NCCL, a rank that gave up (told by the
 * control collective) or a deadline ends every operation by aborting the communicator, on which
 * kernels that wait for other ranks depend. One lock goes round all calls of NCCL; who waits for a
 * call in progress leaves it to the watchdog between two looks.
 *
 * <p>An operation that was ended by an abort leaves anything in its buffer, and so do those after
 * it; what reads such a buffer has to {@link #finish} before it believes what it read. An abort of
 * a peer can do the same to this rank before its word has come: only {@link #barrier}, which every
 * rank enters with its operations done, tells that none was.
 *
 * <p>Buffers are direct buffers whose addresses are those of device memory; nothing here reads
 * them.
 */
public final class NcclCollective implements Collective {

  private static final Logger LOG = LoggerFactory.getLogger(NcclCollective.class);

  private static final Duration FAREWELL = Duration.ofSeconds(2);
  private static final Duration WATCH_EVERY = Duration.ofMillis(10);
  private static final long POLL_NANOS = 20_000;

  private record Pending(String operation, CUevent_st event, long since) {}

  private final Collective control;
  private final ControlFailure controlFailure;
  private final String name;
  private final Duration timeout;
  private final CudaDevice device;
  private final Communicator communicator;

  /**
   * Fair, so that the watchdog has its turn while a call in progress is looked at again and again.
   */
  private final ReentrantLock lock = new ReentrantLock(true);

  private final Deque<Pending> pending = new ArrayDeque<>();
  private final Thread watchdog = new Thread(this::watch, "focal-nccl-watchdog");
  private volatile @Nullable String failure;
  private volatile boolean closed;
  private long lastReached = System.nanoTime();

  private NcclCollective(Collective control, String name, int gpu, Duration timeout) {
    this.control = control;
    this.controlFailure = new ControlFailure(control);
    this.name = name;
    this.timeout = timeout;
    this.device = new CudaDevice(gpu);
    this.communicator = new Communicator(timeout, this::interruption, this::pause);
  }

  /**
   * Joins the ranks of a control collective; every rank calls it.
   *
   * @param control carries the id, barriers and aborts; stays with its creator
   * @param name how errors call this rank: with its host, executor and GPU
   * @param gpu number of this rank's GPU in this process
   * @param timeout how long an operation may take
   * @throws IllegalStateException if NCCL does not load here
   * @throws CollectiveException if ranks have other versions of NCCL or do not come
   */
  public static NcclCollective join(Collective control, String name, int gpu, Duration timeout) {
    NcclLibraries.require();
    NcclVersions.requireSame(control, name);
    NcclCollective collective = new NcclCollective(control, name, gpu, timeout);
    try {
      collective.open();
      return collective;
    } catch (RuntimeException e) {
      collective.fail(String.valueOf(e.getMessage()));
      throw e;
    }
  }

  private void open() {
    ByteBuffer id = ByteBuffer.allocateDirect(Communicator.ID_BYTES);
    if (rank() == 0) {
      Communicator.newId(id);
    }
    control.broadcast(id, 0);
    lock.lock();
    try {
      device.select();
      communicator.open(id, rank(), world());
    } finally {
      lock.unlock();
    }
    watchdog.setDaemon(true);
    watchdog.start();
  }

  @Override
  public int rank() {
    return control.rank();
  }

  @Override
  public int world() {
    return control.world();
  }

  @Override
  public Memory memory() {
    return Memory.DEVICE;
  }

  @Override
  public void allReduce(ByteBuffer values, Precision precision) {
    ByteBuffer floats = HostBuffers.floats(values);
    launch(
        "allReduce",
        floats,
        () -> communicator.allReduce(floats, floats.limit() / Float.BYTES, nccl.ncclFloat32));
  }

  @Override
  public void broadcast(ByteBuffer buffer, int root) {
    ByteBuffer bytes = HostBuffers.bytes(buffer);
    HostBuffers.root(root, world());
    launch("broadcast from rank " + root, bytes, () -> communicator.broadcast(bytes, root));
  }

  /** While it waits, the watchdog may look, and give up. */
  private void pause() {
    lock.unlock();
    try {
      LockSupport.parkNanos(POLL_NANOS);
    } finally {
      lock.lock();
    }
  }

  private void launch(String operation, ByteBuffer buffer, Runnable call) {
    requireRunning();
    if (buffer.limit() == 0) {
      return;
    }
    lock.lock();
    try {
      requireRunning();
      device.select();
      call.run();
    } catch (CollectiveException e) {
      throw gaveUp(operation, e);
    } finally {
      lock.unlock();
    }
    note(operation);
  }

  /**
   * Lets the watchdog know of an operation. Without the lock while the event is recorded, which
   * waits where CUDA's queue of launches is full because a peer does not come.
   */
  private void note(String operation) {
    try {
      CUevent_st event = device.record();
      lock.lock();
      try {
        pending.add(new Pending(operation, event, System.nanoTime()));
      } finally {
        lock.unlock();
      }
    } catch (CollectiveException e) {
      throw gaveUp(operation, e);
    }
  }

  private CollectiveException gaveUp(String operation, CollectiveException cause) {
    String told = isAborted() ? failure() : controlFailure.reason();
    fail(told != null ? told : failed(operation, String.valueOf(cause.getMessage())));
    return new CollectiveException(String.valueOf(failure), cause);
  }

  private String failed(String operation, String why) {
    return "%s, %s: %s".formatted(name, operation, why);
  }

  @Override
  public void finish() {
    while (!look()) {
      LockSupport.parkNanos(50_000);
      if (Thread.interrupted()) {
        fail(name + ", was interrupted.");
        Thread.currentThread().interrupt();
      }
    }
    requireNoError();
    requireRunning();
  }

  /** Of NCCL, whose kernels may be over all the same. */
  private void requireNoError() {
    lock.lock();
    try {
      String error = failure == null ? communicator.asyncError() : null;
      if (error != null) {
        fail(failed("finish", error));
      }
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void barrier() {
    finish();
    control.barrier();
  }

  /**
   * Takes what is done from what is pending, and gives up where that is due; true if none is left.
   */
  private boolean look() {
    lock.lock();
    try {
      if (failure != null) {
        return true;
      }
      while (!pending.isEmpty() && device.reached(pending.getFirst().event())) {
        pending.removeFirst();
        lastReached = System.nanoTime();
      }
      String reason = pending.isEmpty() ? null : reasonToGiveUp(pending.getFirst());
      if (reason != null) {
        fail(reason);
      }
      return pending.isEmpty() || failure != null;
    } catch (CollectiveException e) {
      fail(failed(pending.getFirst().operation(), String.valueOf(e.getMessage())));
      return true;
    } finally {
      lock.unlock();
    }
  }

  private @Nullable String reasonToGiveUp(Pending oldest) {
    String error = communicator.asyncError();
    if (error != null) {
      return failed(oldest.operation(), error);
    }
    // An operation waits for those before it, and for what was launched between them.
    long age = System.nanoTime() - Math.max(oldest.since(), lastReached);
    String told = controlFailure.reason();
    if (told != null && (control.isAborted() || age > ControlFailure.GRACE.toNanos())) {
      return told;
    }
    return age > timeout.toNanos()
        ? "%s, waited %s ms for the others in %s; raise spark.focal.collective.timeout if one is merely slow."
            .formatted(name, timeout.toMillis(), oldest.operation())
        : null;
  }

  /** Why a call that is in progress should not be waited for. */
  private @Nullable String interruption() {
    String reason = failure;
    return reason != null ? reason : controlFailure.reason();
  }

  private void watch() {
    while (!closed && failure == null) {
      try {
        look();
      } catch (RuntimeException e) {
        fail(failed("watchdog", String.valueOf(e)));
      }
      LockSupport.parkNanos(WATCH_EVERY.toNanos());
    }
  }

  /** The first reason counts: tells the peers and ends what is under way. */
  private void fail(String reason) {
    lock.lock();
    try {
      if (failure == null) {
        failure = reason;
        control.abort(reason);
        selectIfItWorks();
        communicator.abort();
        pending.clear();
      }
    } finally {
      lock.unlock();
    }
  }

  /**
   * A GPU that an error has broken answers every call with it, but NCCL is to let go all the same.
   */
  private void selectIfItWorks() {
    try {
      device.select();
    } catch (CollectiveException e) {
      LOG.warn(
          "{}, aborts its communicator on a GPU that does not answer: {}", name, e.getMessage());
    }
  }

  private void requireRunning() {
    String reason = failure;
    if (reason != null) {
      throw new CollectiveException(reason);
    }
    String told = control.isAborted() ? control.failure() : null;
    if (told != null) {
      fail(told);
      throw new CollectiveException(told);
    }
  }

  @Override
  public @Nullable String failure() {
    return failure != null ? failure : control.failure();
  }

  @Override
  public boolean isAborted() {
    return failure != null || control.isAborted();
  }

  /** Tells the peers at once; the watchdog aborts the communicator. */
  @Override
  public void abort(String reason) {
    control.abort(reason);
  }

  /** Waits, for a short time, for what is under way. */
  @Override
  public void close() {
    if (closed) {
      return;
    }
    long deadline = System.nanoTime() + FAREWELL.toNanos();
    while (!look() && System.nanoTime() < deadline) {
      LockSupport.parkNanos(50_000);
    }
    lock.lock();
    try {
      closed = true;
      if (failure == null && !pending.isEmpty()) {
        // Peers may take what is left for sums.
        fail(failed(pending.getFirst().operation(), "this rank left before it was done."));
      }
      if (failure == null) {
        device.select();
        communicator.close();
      }
      if (failure == null) {
        failure = name + ", is closed.";
      }
      device.close();
    } catch (CollectiveException e) {
      fail(String.valueOf(e.getMessage()));
    } finally {
      lock.unlock();
    }
    LockSupport.unpark(watchdog);
  }
}
