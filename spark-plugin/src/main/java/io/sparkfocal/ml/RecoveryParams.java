package io.sparkfocal.ml;

import java.io.Serializable;
import org.apache.spark.ml.param.BooleanParam;
import org.apache.spark.ml.param.DoubleParam;
import org.apache.spark.ml.param.IntParam;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.param.Params;

/**
 * What happens when an executor, or the driver, is lost.
 *
 * @param <S> who has the params, returned by the setters
 */
public interface RecoveryParams<S extends RecoveryParams<S>> extends Chained<S> {

  /** The holder of the params below. */
  Holder recoveryParams();

  /**
   * Param: folder of any Hadoop file system for checkpoints of a run that is not finished; empty
   * for none (default).
   */
  default Param<String> checkpointDir() {
    return recoveryParams().checkpointDir;
  }

  /** Param: steps from one checkpoint to the next; 0 for no such rule (default 0). */
  default IntParam checkpointInterval() {
    return recoveryParams().checkpointInterval;
  }

  /** Param: minutes from one checkpoint to the next; 0 for no such rule (default 10). */
  default DoubleParam checkpointMinutes() {
    return recoveryParams().checkpointMinutes;
  }

  /** Param: how many of the newest checkpoints are kept, at least 1 (default 2). */
  default IntParam maxCheckpoints() {
    return recoveryParams().maxCheckpoints;
  }

  /**
   * Param: whether to go on from the newest checkpoint in checkpointDir, if there is one (default
   * false).
   */
  default BooleanParam resume() {
    return recoveryParams().resume;
  }

  /**
   * Param: how often training begins again, from the newest checkpoint, after a failure that may
   * pass (default 3).
   */
  default IntParam maxRestarts() {
    return recoveryParams().maxRestarts;
  }

  /** Value of {@link #checkpointDir}. */
  default String getCheckpointDir() {
    return getOrDefault(checkpointDir());
  }

  /** Value of {@link #checkpointInterval}. */
  default int getCheckpointInterval() {
    return (int) getOrDefault(checkpointInterval());
  }

  /** Value of {@link #checkpointMinutes}. */
  default double getCheckpointMinutes() {
    return (double) getOrDefault(checkpointMinutes());
  }

  /** Value of {@link #maxCheckpoints}. */
  default int getMaxCheckpoints() {
    return (int) getOrDefault(maxCheckpoints());
  }

  /** Value of {@link #resume}. */
  default boolean getResume() {
    return (boolean) getOrDefault(resume());
  }

  /** Value of {@link #maxRestarts}. */
  default int getMaxRestarts() {
    return (int) getOrDefault(maxRestarts());
  }

  /** Sets {@link #checkpointDir}. */
  default S setCheckpointDir(String value) {
    return chained(checkpointDir(), value);
  }

  /** Sets {@link #checkpointInterval}. */
  default S setCheckpointInterval(int value) {
    return chained(checkpointInterval(), value);
  }

  /** Sets {@link #checkpointMinutes}. */
  default S setCheckpointMinutes(double value) {
    return chained(checkpointMinutes(), value);
  }

  /** Sets {@link #maxCheckpoints}. */
  default S setMaxCheckpoints(int value) {
    return chained(maxCheckpoints(), value);
  }

  /** Sets {@link #resume}. */
  default S setResume(boolean value) {
    return chained(resume(), value);
  }

  /** Sets {@link #maxRestarts}. */
  default S setMaxRestarts(int value) {
    return chained(maxRestarts(), value);
  }

  /** The params themselves; one holder per owner. */
  final class Holder implements Serializable {

    private static final long serialVersionUID = 1L;

    final Param<String> checkpointDir;
    final IntParam checkpointInterval;
    final DoubleParam checkpointMinutes;
    final IntParam maxCheckpoints;
    final BooleanParam resume;
    final IntParam maxRestarts;

    Holder(Params owner) {
      checkpointDir =
          new Param<>(
              owner,
              "checkpointDir",
              "folder of any Hadoop file system for checkpoints of a run that is not finished; empty for none");
      checkpointInterval =
          new IntParam(
              owner,
              "checkpointInterval",
              "steps from one checkpoint to the next; 0 for no such rule",
              ParamCheck.atLeast("checkpointInterval", 0));
      checkpointMinutes =
          new DoubleParam(
              owner,
              "checkpointMinutes",
              "minutes from one checkpoint to the next; 0 for no such rule",
              ParamCheck.atLeast("checkpointMinutes", 0));
      maxCheckpoints =
          new IntParam(
              owner,
              "maxCheckpoints",
              "how many of the newest checkpoints are kept, at least 1",
              ParamCheck.atLeast("maxCheckpoints", 1));
      resume =
          new BooleanParam(
              owner,
              "resume",
              "whether to go on from the newest checkpoint in checkpointDir, if there is one");
      maxRestarts =
          new IntParam(
              owner,
              "maxRestarts",
              "how often training begins again, from the newest checkpoint, after a failure that may pass",
              ParamCheck.atLeast("maxRestarts", 0));
      owner.setDefault(checkpointDir, "");
      owner.setDefault(checkpointInterval, 0);
      owner.setDefault(checkpointMinutes, 10.0);
      owner.setDefault(maxCheckpoints, 2);
      owner.setDefault(resume, false);
      owner.setDefault(maxRestarts, 3);
    }
  }
}
