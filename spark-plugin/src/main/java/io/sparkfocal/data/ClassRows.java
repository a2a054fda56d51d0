package io.sparkfocal.data;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Arrays;

/** Numbers of rows by class as bytes: the classes that have rows, each with its number. */
public final class ClassRows {

  private ClassRows() {}

  /** As bytes. */
  public static byte[] encode(long[] rows) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (DataOutputStream out = new DataOutputStream(bytes)) {
      out.writeInt(rows.length);
      for (int c = 0; c < rows.length; c++) {
        if (rows[c] > 0) {
          out.writeInt(c);
          out.writeLong(rows[c]);
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  /** Adds those of the bytes to others; returns the sums, as many as either has. */
  public static long[] add(long[] rows, byte[] encoded) {
    try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(encoded))) {
      long[] sums = Arrays.copyOf(rows, Math.max(rows.length, in.readInt()));
      while (in.available() > 0) {
        int c = in.readInt();
        sums[c] += in.readLong();
      }
      return sums;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
