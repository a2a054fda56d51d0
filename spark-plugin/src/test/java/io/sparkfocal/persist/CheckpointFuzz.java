package io.sparkfocal.persist;

/** Any bytes are a checkpoint that can be written again, or are refused in a sentence. */
public final class CheckpointFuzz {

  private CheckpointFuzz() {}

  /** Called with every input. */
  public static void fuzzerTestOneInput(byte[] data) {
    Checkpoint checkpoint;
    try {
      checkpoint = FileBytes.checkpoint(data, "f");
    } catch (IllegalArgumentException e) {
      FuzzSeeds.requireSentence(e);
      return;
    }
    FileBytes.checkpoint(FileBytes.of(checkpoint), "again");
    if (checkpoint.state().step() > checkpoint.state().steps()) {
      throw new AssertionError("more steps than an epoch has");
    }
  }
}
