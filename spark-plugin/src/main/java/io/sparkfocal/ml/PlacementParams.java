package io.sparkfocal.ml;

import io.sparkfocal.job.DeviceChoice;
import java.io.Serializable;
import org.apache.spark.ml.param.IntParam;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.param.Params;

/**
 * Where the network is trained.
 *
 * @param <S> who has the params, returned by the setters
 */
public interface PlacementParams<S extends PlacementParams<S>> extends Chained<S> {

  /** The holder of the params below. */
  Holder placementParams();

  /** Param: ranks that train; 0 for one per task slot (default 0). */
  default IntParam numWorkers() {
    return placementParams().numWorkers;
  }

  /** Param: auto (the GPU that Spark assigned, else the CPU), cpu or gpu (default auto). */
  default Param<String> device() {
    return placementParams().device;
  }

  /** Value of {@link #numWorkers}. */
  default int getNumWorkers() {
    return (int) getOrDefault(numWorkers());
  }

  /** Value of {@link #device}. */
  default String getDevice() {
    return getOrDefault(device());
  }

  /** Sets {@link #numWorkers}. */
  default S setNumWorkers(int value) {
    return chained(numWorkers(), value);
  }

  /** Sets {@link #device}. */
  default S setDevice(String value) {
    return chained(device(), value);
  }

  /** The params themselves; one holder per owner. */
  final class Holder implements Serializable {

    private static final long serialVersionUID = 1L;

    final IntParam numWorkers;
    final Param<String> device;

    Holder(Params owner) {
      numWorkers =
          new IntParam(
              owner,
              "numWorkers",
              "ranks that train; 0 for one per task slot",
              ParamCheck.atLeast("numWorkers", 0));
      device =
          new Param<>(
              owner,
              "device",
              "auto (the GPU that Spark assigned, else the CPU), cpu or gpu",
              ParamCheck.name("device", DeviceChoice::of));
      owner.setDefault(numWorkers, 0);
      owner.setDefault(device, "auto");
    }
  }
}
