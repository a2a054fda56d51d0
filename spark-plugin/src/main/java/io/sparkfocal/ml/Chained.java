package io.sparkfocal.ml;

import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.param.Params;

/**
 * Params whose setters return their owner.
 *
 * @param <S> the owner's type
 */
interface Chained<S extends Chained<S>> extends Params {

  /** Sets a param to a value of its type. */
  @SuppressWarnings("unchecked")
  default S chained(Param<?> param, Object value) {
    set((Param<Object>) param, value);
    return (S) this;
  }
}
