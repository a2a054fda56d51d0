package io.sparkfocal.collective.nccl;

import io.sparkfocal.collective.Collective;
import io.sparkfocal.collective.CollectiveException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** The versions of NCCL that ranks have loaded. */
final class NcclVersions {

  private NcclVersions() {}

  /**
   * Requires that all ranks of a control collective have the same; every rank calls it.
   *
   * @param name how errors call this rank
   * @throws CollectiveException if one has another
   */
  static void requireSame(Collective control, String name) {
    int own = Communicator.version();
    ByteBuffer versions =
        ByteBuffer.allocateDirect(Float.BYTES * control.world()).order(ByteOrder.nativeOrder());
    versions.putFloat(Float.BYTES * control.rank(), own);
    control.allReduce(versions);
    for (int rank = 0; rank < control.world(); rank++) {
      int theirs = (int) versions.getFloat(Float.BYTES * rank);
      if (theirs != own) {
        throw new CollectiveException(
            "%s, has NCCL %s, rank %s has %s; install the same version on every host."
                .formatted(name, NcclLibraries.dotted(own), rank, NcclLibraries.dotted(theirs)));
      }
    }
  }
}
