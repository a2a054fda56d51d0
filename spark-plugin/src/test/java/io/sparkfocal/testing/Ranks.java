package io.sparkfocal.testing;

import io.sparkfocal.collective.Collective;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Runs one thread per rank and collects what each returns, by rank. */
public final class Ranks {

  private static final long TIMEOUT_SECONDS = 120;

  private Ranks() {}

  /** What a rank does. */
  public interface Work<T> {
    /** Runs on the rank's thread. */
    T run(Collective collective) throws Exception;
  }

  /** Runs the work on all ranks at once; throws the failure of the lowest rank that failed. */
  public static <T> List<T> run(List<Collective> collectives, Work<T> work) {
    List<Outcome<T>> outcomes = outcomes(collectives, work);
    List<T> results = new ArrayList<>();
    for (Outcome<T> outcome : outcomes) {
      if (outcome.failure() != null) {
        throw new CompletionException(outcome.failure());
      }
      results.add(outcome.value());
    }
    return results;
  }

  /** The failures of all ranks, by rank; null for a rank that did not fail. */
  public static <T> List<Throwable> failures(List<Collective> collectives, Work<T> work) {
    List<Throwable> failures = new ArrayList<>();
    outcomes(collectives, work).forEach(outcome -> failures.add(outcome.failure()));
    return failures;
  }

  private record Outcome<T>(T value, Throwable failure) {}

  private static <T> List<Outcome<T>> outcomes(List<Collective> collectives, Work<T> work) {
    ExecutorService threads = Executors.newFixedThreadPool(collectives.size());
    try {
      List<Future<T>> futures = new ArrayList<>();
      for (Collective collective : collectives) {
        futures.add(threads.submit(() -> work.run(collective)));
      }
      List<Outcome<T>> outcomes = new ArrayList<>();
      for (Future<T> future : futures) {
        outcomes.add(outcome(future));
      }
      return outcomes;
    } finally {
      threads.shutdownNow();
    }
  }

  private static <T> Outcome<T> outcome(Future<T> future) {
    try {
      return new Outcome<>(future.get(TIMEOUT_SECONDS, TimeUnit.SECONDS), null);
    } catch (ExecutionException e) {
      return new Outcome<>(null, e.getCause());
    } catch (InterruptedException | TimeoutException e) {
      return new Outcome<>(null, e);
    }
  }
}
