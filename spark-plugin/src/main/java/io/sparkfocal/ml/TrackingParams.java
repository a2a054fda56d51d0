package io.sparkfocal.ml;

import java.io.Serializable;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.param.Params;

/**
 * Where to look on while a network trains.
 *
 * @param <S> who has the params, returned by the setters
 */
public interface TrackingParams<S extends TrackingParams<S>> extends Chained<S> {

  /** The holder of the params below. */
  Holder trackingParams();

  /**
   * Param: folder of any Hadoop file system that executors can write to, for TensorBoard's event
   * files: a folder per training in it, the numbers of each epoch in that; empty for none
   * (default).
   */
  default Param<String> tensorBoardDir() {
    return trackingParams().tensorBoardDir;
  }

  /** Value of {@link #tensorBoardDir}. */
  default String getTensorBoardDir() {
    return getOrDefault(tensorBoardDir());
  }

  /** Sets {@link #tensorBoardDir}. */
  default S setTensorBoardDir(String value) {
    return chained(tensorBoardDir(), value);
  }

  /** The params themselves; one holder per owner. */
  final class Holder implements Serializable {

    private static final long serialVersionUID = 1L;

    final Param<String> tensorBoardDir;

    Holder(Params owner) {
      tensorBoardDir =
          new Param<>(
              owner,
              "tensorBoardDir",
              "folder of any Hadoop file system that executors can write to, for TensorBoard's event files: a folder per training in it, the numbers of each epoch in that; empty for none");
      owner.setDefault(tensorBoardDir, "");
    }
  }
}
