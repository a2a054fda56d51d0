package io.sparkfocal.ml;

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Values that the tasks of this JVM share, each made by the first task that needs it and closed
 * when no task has needed it for a while.
 *
 * @param <T> what is shared
 */
final class SharedValues<T> {

  private final Map<String, Entry<T>> entries = new HashMap<>();
  private final Consumer<T> closing;
  private final long idleMillis;

  private static final class Entry<T> {

    /** Guarded by the map. */
    private int users;

    /** When it was last given back; guarded by the map. */
    private long returned;

    /** Whether a look at it is due; guarded by the map. */
    private boolean isWatched;

    /** Guarded by the entry. */
    private @Nullable T value;

    synchronized T value(Supplier<T> make) {
      if (value == null) {
        value = make.get();
      }
      return value;
    }

    synchronized @Nullable T value() {
      return value;
    }
  }

  /**
   * None yet.
   *
   * @param closing what ends a value
   * @param idleMillis how long a value that nobody uses is kept for the next task
   */
  SharedValues(Consumer<T> closing, long idleMillis) {
    this.closing = closing;
    this.idleMillis = idleMillis;
  }

  /**
   * The value of a key; give it back with {@link #release}.
   *
   * @param make makes the value if nobody has; others that want it wait
   */
  T acquire(String key, Supplier<T> make) {
    Entry<T> entry;
    synchronized (entries) {
      entry = entries.computeIfAbsent(key, absent -> new Entry<>());
      entry.users++;
    }
    try {
      return entry.value(make);
    } catch (RuntimeException | Error e) {
      release(key);
      throw e;
    }
  }

  /** Ends a use that {@link #acquire} began. */
  void release(String key) {
    synchronized (entries) {
      Entry<T> entry = entries.get(key);
      if (entry == null || --entry.users > 0) {
        return;
      }
      entry.returned = System.nanoTime();
      if (!entry.isWatched) {
        entry.isWatched = true;
        watch(key, entry, idleMillis);
      }
    }
  }

  /** One look at a time, however often a value is used. */
  private void watch(String key, Entry<T> entry, long millis) {
    CompletableFuture.delayedExecutor(millis, TimeUnit.MILLISECONDS)
        .execute(() -> closeIfIdle(key, entry));
  }

  private void closeIfIdle(String key, Entry<T> entry) {
    synchronized (entries) {
      if (entry.users > 0) {
        entry.isWatched = false;
        return;
      }
      long idle = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - entry.returned);
      if (idle < idleMillis) {
        watch(key, entry, idleMillis - idle);
        return;
      }
      entries.remove(key);
    }
    T value = entry.value();
    if (value != null) {
      closing.accept(value);
    }
  }

  /** How many are in memory. */
  int size() {
    synchronized (entries) {
      return entries.size();
    }
  }
}
