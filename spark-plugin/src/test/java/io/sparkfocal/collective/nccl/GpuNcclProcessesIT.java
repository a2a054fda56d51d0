package io.sparkfocal.collective.nccl;

import io.sparkfocal.cuda.Gpu;
import io.sparkfocal.plugin.NativeEngine;
import java.util.Map;
import org.junit.jupiter.api.Tag;

/** On two GPUs, or both ranks on one, which NCCL takes for ranks of two hosts. */
@Tag("gpu")
class GpuNcclProcessesIT extends NcclProcessesContract {

  @Override
  protected String[] place(int rank) {
    NativeEngine.require(1);
    return new String[] {"", "gpu", Integer.toString(rank % Math.max(1, Gpu.count()))};
  }

  @Override
  protected Map<String, String> variables(int rank) {
    return Map.of("NCCL_HOSTID", "host-" + rank, "NCCL_SOCKET_IFNAME", "lo");
  }
}
