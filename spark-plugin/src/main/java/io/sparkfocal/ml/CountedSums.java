package io.sparkfocal.ml;

import io.sparkfocal.train.MetricSums;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;

/**
 * What is measured on some rows, with their number, as it travels: in bytes, which every serializer
 * knows.
 *
 * @param rows how many there are
 * @param few how many of them were exchanged among too few
 * @param sums of the rows
 */
record CountedSums(long rows, long few, MetricSums sums) {

  static byte[] write(long rows, long few, MetricSums sums) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (DataOutputStream data = new DataOutputStream(bytes)) {
      data.writeLong(rows);
      data.writeLong(few);
      sums.write(data);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  byte[] write() {
    return write(rows, few, sums);
  }

  /** Of nothing, to add to. */
  static CountedSums none(MetricSums sums) {
    return new CountedSums(0, 0, sums);
  }

  /** With what was written; the sums are those of this one. */
  CountedSums plus(byte[] written) {
    try (DataInputStream data = new DataInputStream(new ByteArrayInputStream(written))) {
      long itsRows = data.readLong();
      long itsFew = data.readLong();
      sums.add(data);
      return new CountedSums(rows + itsRows, few + itsFew, sums);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
