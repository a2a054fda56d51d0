package io.sparkfocal.plugin;

import io.sparkfocal.testing.OtherJvm;
import java.util.Map;

/** The engine's failure in a JVM of its own, since it is loaded once. */
public final class EngineFailure {

  private static final String FAILED = "failed: ";

  private EngineFailure() {}

  /** Throws what loading with this class path and these variables throws. */
  public static void provoke(String classPath, Map<String, String> variables) throws Exception {
    OtherJvm.Ended ended = OtherJvm.run(classPath, variables, NativeEngineIT.Load.class);
    String line = ended.output().lines().filter(l -> l.startsWith(FAILED)).findFirst().orElse(null);
    if (line == null) {
      throw new AssertionError("It loaded: " + ended.output());
    }
    throw new IllegalStateException(line.substring(FAILED.length()));
  }
}
