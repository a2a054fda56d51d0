package io.sparkfocal.collective.nccl;

import io.sparkfocal.collective.CollectiveException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.function.Supplier;
import org.bytedeco.cuda.global.nccl;
import org.bytedeco.cuda.nccl.ncclComm;
import org.bytedeco.cuda.nccl.ncclConfig_t;
import org.bytedeco.cuda.nccl.ncclUniqueId;
import org.bytedeco.javacpp.Pointer;
import org.jspecify.annotations.Nullable;

/**
 * A non-blocking NCCL communicator: every call is followed by polling until NCCL has taken it.
 *
 * <p>Not thread-safe: calls must not overlap, {@link #abort} included, and the device must be the
 * thread's current one.
 */
final class Communicator {

  /** Bytes of the id that rank 0 makes and all ranks share. */
  static final int ID_BYTES = nccl.NCCL_UNIQUE_ID_BYTES;

  private static final int CONFIG_MAGIC = 0xcafebeef;

  /**
   * The version of NCCL whose config is set here, whatever the binding's is: to the fields of later
   * ones a library gives its defaults then.
   */
  private static final int CONFIG_VERSION = 22_703;

  private final ncclComm comm = new ncclComm();
  private final Duration timeout;
  private final Supplier<@Nullable String> interruption;
  private final Runnable pause;
  private boolean open;

  /**
   * An unopened communicator.
   *
   * @param timeout how long a call may be in progress
   * @param interruption a sentence if waiting has lost its sense, else null; asked after each pause
   * @param pause waits a moment between two looks at a call in progress; another thread may call
   *     then, and abort
   */
  Communicator(Duration timeout, Supplier<@Nullable String> interruption, Runnable pause) {
    this.timeout = timeout;
    this.interruption = interruption;
    this.pause = pause;
  }

  /** Version of the loaded library, as 22703 for 2.27.3. */
  static int version() {
    int[] version = new int[1];
    check("ncclGetVersion", nccl.ncclGetVersion(version));
    return version[0];
  }

  /** A new id, in the buffer from 0. */
  static void newId(ByteBuffer bytes) {
    try (ncclUniqueId id = new ncclUniqueId()) {
      check("ncclGetUniqueId", nccl.ncclGetUniqueId(id));
      for (int i = 0; i < ID_BYTES; i++) {
        bytes.put(i, id.internal(i));
      }
    }
  }

  /** Joins the ranks that hold the same id; returns when all have. */
  void open(ByteBuffer idBytes, int rank, int world) {
    try (ncclUniqueId id = new ncclUniqueId();
        ncclConfig_t config = new ncclConfig_t()) {
      for (int i = 0; i < ID_BYTES; i++) {
        id.internal(i, idBytes.get(i));
      }
      int result = nccl.ncclCommInitRankConfig(comm, world, id, rank, nonBlocking(config));
      open = !comm.isNull();
      finish("ncclCommInitRankConfig", result);
    }
  }

  /**
   * NCCL_CONFIG_INITIALIZER of NCCL 2.27, which the binding lacks, with {@code blocking = 0}.
   *
   * <p>The binding may have fields of later versions. They stay 0, which NCCL would refuse or take
   * for a choice, did the config not name the version before them.
   */
  static ncclConfig_t nonBlocking(ncclConfig_t config) {
    int undefined = Integer.MIN_VALUE;
    Pointer.memset(config, 0, config.sizeof());
    return config
        .size(config.sizeof())
        .magic(CONFIG_MAGIC)
        .version(Math.min(CONFIG_VERSION, version()))
        .blocking(0)
        .cgaClusterSize(undefined)
        .minCTAs(undefined)
        .maxCTAs(undefined)
        .splitShare(undefined)
        .trafficClass(undefined)
        .collnetEnable(undefined)
        .CTAPolicy(undefined)
        .shrinkShare(undefined)
        .nvlsCTAs(undefined);
  }

  /** Sums {@code count} values of an NCCL type at the buffer's address over all ranks, in place. */
  void allReduce(ByteBuffer buffer, long count, int type) {
    Pointer address = new Pointer(buffer.duplicate().position(0));
    finish(
        "ncclAllReduce",
        nccl.ncclAllReduce(address, address, count, type, nccl.ncclSum, comm, null));
  }

  /** Replaces the bytes at the buffer's address by those of the root, in place. */
  void broadcast(ByteBuffer buffer, int root) {
    Pointer address = new Pointer(buffer.duplicate().position(0));
    finish(
        "ncclBroadcast",
        nccl.ncclBroadcast(address, address, buffer.limit(), nccl.ncclUint8, root, comm, null));
  }

  /** An error that a kernel or a network thread met since, as a sentence. */
  @Nullable String asyncError() {
    int[] state = new int[1];
    check("ncclCommGetAsyncError", nccl.ncclCommGetAsyncError(comm, state));
    return state[0] == nccl.ncclSuccess || state[0] == nccl.ncclInProgress
        ? null
        : describe("NCCL", state[0]);
  }

  private void finish(String call, int result) {
    long deadline = System.nanoTime() + timeout.toNanos();
    int state = result;
    while (state == nccl.ncclInProgress) {
      pause.run();
      String reason = interruption.get();
      if (reason != null) {
        throw new CollectiveException(reason);
      }
      if (System.nanoTime() > deadline) {
        throw new CollectiveException(
            "%s was in progress for %s ms; raise spark.focal.collective.timeout if other ranks are merely slow."
                .formatted(call, timeout.toMillis()));
      }
      state = poll();
    }
    check(call, state);
  }

  private int poll() {
    int[] state = new int[1];
    check("ncclCommGetAsyncError", nccl.ncclCommGetAsyncError(comm, state));
    return state[0];
  }

  private static void check(String call, int result) {
    if (result != nccl.ncclSuccess) {
      throw new CollectiveException(describe(call, result));
    }
  }

  private static String describe(String call, int result) {
    return "%s failed: %s (%s); check NCCL_SOCKET_IFNAME, /dev/shm and, with NCCL_DEBUG=WARN, the executor's log."
        .formatted(call, nccl.ncclGetErrorString(result).getString(), result);
  }

  /** Ends kernels that wait for other ranks and frees everything. Idempotent. */
  void abort() {
    if (open) {
      open = false;
      nccl.ncclCommAbort(comm);
    }
  }

  /** Frees everything after the last operation. Idempotent. */
  void close() {
    if (open) {
      finish("ncclCommFinalize", nccl.ncclCommFinalize(comm));
      open = false;
      nccl.ncclCommDestroy(comm);
    }
  }
}
