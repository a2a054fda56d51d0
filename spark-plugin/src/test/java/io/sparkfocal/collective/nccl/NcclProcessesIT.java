package io.sparkfocal.collective.nccl;

import io.sparkfocal.testing.CudaStandIn;
import java.util.Map;
import org.junit.jupiter.api.condition.EnabledIf;

/** Over stand-ins. */
@EnabledIf("io.sparkfocal.testing.CudaStandIn#isAvailable")
class NcclProcessesIT extends NcclProcessesContract {

  @Override
  protected String[] place(int rank) throws Exception {
    return new String[] {CudaStandIn.folder().toString(), "cpu", Integer.toString(rank)};
  }

  @Override
  protected Map<String, String> variables(int rank) {
    return Map.of();
  }
}
