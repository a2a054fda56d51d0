package io.sparkfocal.plugin;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.util.Utils;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The PyTorch engine of this JVM, loaded once; a failure is kept and told to everyone who asks.
 *
 * <p>The native files are unpacked to DJL's cache folder under a lock on a file beside it, since
 * executors of one host share the folder.
 */
public final class NativeEngine {

  private static final Logger LOG = LoggerFactory.getLogger(NativeEngine.class);
  private static final String THREADS = "ai.djl.pytorch.num_threads";
  private static final String NO_TRACKING = "OPT_OUT_TRACKING";

  private NativeEngine() {}

  /**
   * Loads the engine, if this JVM has not loaded it yet.
   *
   * @param threads how many threads one operation may use; the first caller of a JVM decides
   * @throws IllegalStateException if it cannot be loaded, now or before
   */
  public static void require(int threads) {
    if (System.getProperty(THREADS) == null) {
      System.setProperty(THREADS, Integer.toString(threads));
    }
    Throwable failure = Loaded.FAILURE;
    if (failure != null) {
      throw new IllegalStateException(
          "The PyTorch engine does not load (%s); %s; the cache folder is %s."
              .formatted(rootMessage(failure), remedy(rootMessage(failure)), cacheFolder()),
          failure);
    }
  }

  /** Begins to load the engine beside the caller's work; a failure is told by {@link #require}. */
  public static void begin(int threads) {
    Thread thread =
        new Thread(
            () -> {
              try {
                require(threads);
              } catch (IllegalStateException e) {
                LOG.debug("Told to whoever requires the engine", e);
              }
            },
            "focal-engine-begin");
    thread.setDaemon(true);
    thread.start();
  }

  /** What to set, in the imperative. */
  static String remedy(String failure) {
    if (failure.startsWith("java.nio.file.")) {
      return "make the cache folder one that can be written, or set ENGINE_CACHE_DIR to one";
    }
    return failure.contains("libcuda.so.1")
        ? "this host has no NVIDIA driver: install it (in a container, start that with its GPUs), or unset PYTORCH_LIBRARY_PATH and PYTORCH_FLAVOR to train on the CPU"
        : "put pytorch-jni and pytorch-native-cpu for this platform on the class path, or set PYTORCH_LIBRARY_PATH";
  }

  private static String rootMessage(Throwable failure) {
    Throwable root = failure;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    return root.toString();
  }

  private static Path cacheFolder() {
    return Utils.getEngineCacheDir();
  }

  /** Initialised by the JVM, once and under its lock. */
  private static final class Loaded {

    @SuppressWarnings("StaticAssignmentOfThrowable") // told with a new exception to each caller
    static final @Nullable Throwable FAILURE = loadUninterrupted();
  }

  /** In a thread of its own: a task that is killed must not leave half a library to the next. */
  private static @Nullable Throwable loadUninterrupted() {
    Executor thread = work -> new Thread(work, "focal-engine").start();
    return CompletableFuture.supplyAsync(NativeEngine::load, thread).join();
  }

  private static @Nullable Throwable load() {
    if (Utils.getEnvOrSystemProperty(NO_TRACKING) == null) {
      System.setProperty(NO_TRACKING, "true");
    }
    long start = System.nanoTime();
    try (FileChannel lockFile = openLockFile();
        FileLock lock = lockFile.lock()) {
      Engine engine = Engine.getEngine("PyTorch");
      try (NDManager manager = engine.newBaseManager(Device.cpu());
          NDArray one = manager.ones(new Shape(1))) {
        LOG.info(
            "PyTorch {} loaded in {} ms, {} threads per operation, lock {}, check {}",
            engine.getVersion(),
            (System.nanoTime() - start) / 1_000_000,
            System.getProperty(THREADS),
            lock.isValid(),
            one.toFloatArray()[0]);
      }
      return null;
    } catch (IOException | RuntimeException | LinkageError e) {
      return e;
    }
  }

  private static FileChannel openLockFile() throws IOException {
    Path folder = Files.createDirectories(cacheFolder());
    return FileChannel.open(
        folder.resolve("spark-focal.lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
  }
}
