package io.sparkfocal.data;

import java.util.Objects;
import org.apache.spark.sql.api.java.UDF1;

/** Whether a value of a column of images can be read. */
public final class ReadableImage implements UDF1<Object, Boolean> {

  private static final long serialVersionUID = 1L;

  private final ImageDecoder decoder;

  /** For values of that column. */
  public ReadableImage(FeatureColumn column) {
    this.decoder = Objects.requireNonNull(column.images());
  }

  @Override
  public Boolean call(Object value) {
    return decoder.pixels(value) != null;
  }
}
