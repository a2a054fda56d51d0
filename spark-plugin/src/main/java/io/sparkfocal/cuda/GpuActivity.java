package io.sparkfocal.cuda;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * What a GPU did in some time, and what it was asked to.
 *
 * @param kernels how many were launched
 * @param hostCopies copies from the host or to it
 * @param hostBytes of these copies
 * @param deviceCopies copies within the GPU's memory
 * @param fills of memory with one value
 * @param calls of the CUDA runtime and driver by name
 * @param spanNanos how long it was
 * @param busyNanos how long any of these was under way
 * @param overlapNanos how long a host copy was under way beside a kernel
 */
public record GpuActivity(
    int kernels,
    int hostCopies,
    long hostBytes,
    int deviceCopies,
    int fills,
    Map<String, Integer> calls,
    long spanNanos,
    long busyNanos,
    long overlapNanos) {

  /** Kinds of work. */
  enum Work {
    KERNEL,
    HOST_COPY,
    DEVICE_COPY,
    FILL
  }

  /** A piece of work from one moment to another, in nanoseconds. */
  record Interval(Work work, long bytes, long start, long end) {}

  private static final Pattern WAITS =
      Pattern.compile(".*Synchronize.*|cudaMemcpy(?!.*Async).*|cuMemcpy(?!.*Async).*");

  static GpuActivity of(List<Interval> intervals, Map<String, Integer> calls, long spanNanos) {
    long kernels = covered(intervals, EnumSet.of(Work.KERNEL));
    long copies = covered(intervals, EnumSet.of(Work.HOST_COPY));
    return new GpuActivity(
        count(intervals, Work.KERNEL),
        count(intervals, Work.HOST_COPY),
        intervals.stream().filter(i -> i.work == Work.HOST_COPY).mapToLong(Interval::bytes).sum(),
        count(intervals, Work.DEVICE_COPY),
        count(intervals, Work.FILL),
        Map.copyOf(calls),
        spanNanos,
        covered(intervals, EnumSet.allOf(Work.class)),
        kernels + copies - covered(intervals, EnumSet.of(Work.KERNEL, Work.HOST_COPY)));
  }

  private static int count(List<Interval> intervals, Work work) {
    return (int) intervals.stream().filter(i -> i.work == work).count();
  }

  /** Nanoseconds in which at least one of the intervals of such work is. */
  private static long covered(List<Interval> intervals, Set<Work> work) {
    List<Interval> ordered = new ArrayList<>(intervals);
    ordered.removeIf(i -> !work.contains(i.work));
    ordered.sort(Comparator.comparingLong(Interval::start));
    long covered = 0;
    long until = Long.MIN_VALUE;
    for (Interval interval : ordered) {
      covered += Math.max(0, interval.end - Math.max(interval.start, until));
      until = Math.max(until, interval.end);
    }
    return covered;
  }

  /** How many calls made the host wait for the GPU. */
  public int waits() {
    return calls.entrySet().stream()
        .filter(call -> WAITS.matcher(call.getKey()).matches())
        .mapToInt(Map.Entry::getValue)
        .sum();
  }
}
