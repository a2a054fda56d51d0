package io.sparkfocal.persist;

import io.sparkfocal.data.Standardization;
import io.sparkfocal.train.Floats;
import io.sparkfocal.train.LoopState;
import io.sparkfocal.train.OptimizerState;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;

/** Whole files, which fuzzing begins with. */
public final class FuzzSeeds {

  private FuzzSeeds() {}

  /** A file of weights. */
  public static byte[] safetensors() {
    return FileBytes.of(
        Map.of("w", new Safetensors.Tensor(new long[] {2, 3}, new float[6])),
        Map.of("format", "pt"));
  }

  /** A checkpoint. */
  public static byte[] checkpoint() {
    return FileBytes.of(
        new Checkpoint(
            Map.of("network", "x"),
            new Standardization(new double[] {1}, new double[] {2}),
            new LoopState(
                1,
                2,
                3,
                0.5,
                1,
                Floats.of(0, 0),
                new OptimizerState(2, Map.of("velocity", Floats.of(0, 0))),
                new LoopState.Best(1, 0.5, Floats.of(0, 0)),
                List.of(),
                1)));
  }

  /** Both files of a model, with a zero between them. */
  public static byte[] model() {
    byte[] network =
        """
        {"format":1,"provider":"io.sparkfocal.network.MlpNetwork",
        "arguments":{"hiddenLayers":"","batchNorm":"false","dropout":"0"},
        "features":2,"outputs":2,"classes":2,"classNames":["a","b"],"link":"softmax",
        "temperature":1.5,"offsets":[],"means":[0,0],"scales":[1,1]}
        """
            .getBytes(StandardCharsets.UTF_8);
    byte[] weights = safetensors();
    byte[] both = new byte[network.length + 1 + weights.length];
    System.arraycopy(network, 0, both, 0, network.length);
    System.arraycopy(weights, 0, both, network.length + 1, weights.length);
    return both;
  }

  /** Refusals are for people. */
  static void requireSentence(IllegalArgumentException refusal) {
    String message = refusal.getMessage();
    if (message == null || !message.endsWith(".")) {
      throw new AssertionError("no sentence: " + message, refusal);
    }
  }
}
