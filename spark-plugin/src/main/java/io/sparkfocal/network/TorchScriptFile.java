package io.sparkfocal.network;

import java.io.Serializable;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;

/**
 * The bytes of a TorchScript archive, as they travel with a network's description.
 *
 * @param bytes which nobody changes
 */
@SuppressWarnings("ArrayRecordComponent") // equals and hashCode are below
public record TorchScriptFile(byte[] bytes) implements Serializable {

  private static final long serialVersionUID = 1L;

  @Override
  public boolean equals(Object other) {
    return other instanceof TorchScriptFile file && Arrays.equals(bytes, file.bytes);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(bytes);
  }

  /** Its hash, which tells it from others in a checkpoint. */
  @Override
  public String toString() {
    try {
      return "SHA-256 "
          + HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("This Java runtime lacks SHA-256.", e);
    }
  }
}
