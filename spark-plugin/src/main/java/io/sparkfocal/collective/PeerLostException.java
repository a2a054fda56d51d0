package io.sparkfocal.collective;

/** A peer went away without saying why; somebody else will know. */
public final class PeerLostException extends CollectiveException {

  private static final long serialVersionUID = 1L;

  /** A peer went away: one sentence naming it. */
  public PeerLostException(String message) {
    super(message);
  }
}
