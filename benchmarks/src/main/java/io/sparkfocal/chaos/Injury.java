package io.sparkfocal.chaos;

import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.Random;

/** What is done to a training. */
enum Injury {
  /** kill -9 of an executor. */
  KILL {
    @Override
    void inflict(Cluster cluster, Random random) {
      ExecutorProcesses.signal("KILL", any(cluster.executors(), random));
    }
  },

  /** An executor is stopped, and wakes up after the others have given it up. */
  STOP {
    @Override
    void inflict(Cluster cluster, Random random) throws InterruptedException {
      ProcessHandle stopped = any(cluster.executors(), random);
      ExecutorProcesses.signal("STOP", stopped);
      Thread.sleep(STOPPED_MILLIS);
      ExecutorProcesses.signal("CONT", stopped);
    }
  },

  /** The connections between ranks are closed. */
  CUT {
    @Override
    void inflict(Cluster cluster, Random random) {
      cluster.proxy().cut();
    }
  },

  /** Nothing arrives between ranks any more, though their connections stay open. */
  SILENCE {
    @Override
    void inflict(Cluster cluster, Random random) {
      cluster.proxy().fallSilent();
    }
  },

  /** Checkpoints cannot be written any more; then an executor is killed. */
  FULL_DISK {
    @Override
    void inflict(Cluster cluster, Random random) throws IOException, InterruptedException {
      Files.writeString(cluster.fullDiskMarker(), "full");
      Thread.sleep(random.nextInt(400));
      KILL.inflict(cluster, random);
    }
  };

  /** Longer than ranks wait for each other, and than Spark waits for an executor's heartbeat. */
  private static final long STOPPED_MILLIS = 25_000;

  abstract void inflict(Cluster cluster, Random random) throws IOException, InterruptedException;

  private static ProcessHandle any(List<ProcessHandle> processes, Random random) {
    return processes.get(random.nextInt(processes.size()));
  }
}
