package io.sparkfocal.ml;

import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.param.Params;

/** A param that is a model, or the path of a saved one; only a path can be saved with its owner. */
final class ModelParam extends Param<Object> {

  private static final long serialVersionUID = 1L;

  ModelParam(Params owner, String name, String doc) {
    super(owner, name, doc);
  }

  @Override
  public String jsonEncode(Object value) {
    if (value instanceof String path) {
      return super.jsonEncode(path);
    }
    throw new IllegalArgumentException(
        name() + " is a model; save that first and set its path, to save what it is set on.");
  }
}
