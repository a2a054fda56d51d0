package io.sparkfocal.benchmarks;

import com.sun.management.OperatingSystemMXBean;
import io.sparkfocal.cuda.GpuActivity;
import io.sparkfocal.cuda.GpuTrace;
import io.sparkfocal.train.EpochReport;
import io.sparkfocal.train.TrainingListener;
import java.lang.management.ManagementFactory;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * What a step costs: the second of three epochs is traced on the GPU, the third is timed without.
 */
final class StepTrace implements TrainingListener {

  static final int EPOCHS = 3;

  private static final OperatingSystemMXBean PROCESS =
      (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

  private final int steps;
  private final boolean onGpu;
  private final int first;
  private final int last;
  private int step;
  private @Nullable GpuTrace trace;
  private @Nullable GpuActivity activity;
  private double secondsBefore;
  private long cpuNanosBefore;
  private double wallMicros;
  private double cpuMicros;

  /**
   * For an epoch of that many steps, at least 4 and at most 50, so that the loss is read at its end
   * alone.
   */
  StepTrace(int steps, boolean onGpu) {
    this.steps = steps;
    this.onGpu = onGpu;
    this.first = steps + 2;
    this.last = 2 * steps;
  }

  @Override
  public void beforeStep() {
    step++;
    if (onGpu && step == first) {
      trace = GpuTrace.begin(0);
    } else if (trace != null && step == last) {
      activity = trace.end();
      trace.close();
      trace = null;
    }
  }

  @Override
  public void epochCompleted(EpochReport report) {
    wallMicros = 1e6 * (report.elapsedSeconds() - secondsBefore) / steps;
    cpuMicros = 1e-3 * (PROCESS.getProcessCpuTime() - cpuNanosBefore) / steps;
    secondsBefore = report.elapsedSeconds();
    cpuNanosBefore = PROCESS.getProcessCpuTime();
  }

  /** Launches, copies from or to the host, waits, microseconds of GPU, wall and CPU, per step. */
  @Override
  public String toString() {
    double launches = 0;
    double copies = 0;
    double waits = 0;
    double busyMicros = 0;
    if (activity != null) {
      double traced = last - first;
      launches = (activity.kernels() + activity.fills() + activity.deviceCopies()) / traced;
      copies = activity.hostCopies() / traced;
      waits = activity.waits() / traced;
      busyMicros = 1e-3 * activity.busyNanos() / traced;
    }
    return String.format(
        Locale.ROOT,
        "%.2f %.2f %.2f %.1f %.1f %.1f",
        launches,
        copies,
        waits,
        busyMicros,
        wallMicros,
        cpuMicros);
  }
}
