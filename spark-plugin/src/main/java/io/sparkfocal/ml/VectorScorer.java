package io.sparkfocal.ml;

import com.esotericsoftware.kryo.DefaultSerializer;
import com.esotericsoftware.kryo.serializers.JavaSerializer;
import io.sparkfocal.network.NetworkDescription;
import io.sparkfocal.persist.Safetensors;
import io.sparkfocal.persist.TrainedNetwork;
import io.sparkfocal.plugin.NativeEngine;
import java.io.Serializable;
import java.util.Iterator;
import java.util.Map;
import java.util.UUID;
import org.apache.spark.TaskContext;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.sql.RowFactory;

/**
 * Scores single vectors wherever a model is, without a Spark job. The network is in native memory
 * from the first vector on, until none came for ten seconds.
 *
 * @param key of the network
 * @param network what to score with
 */
@DefaultSerializer(JavaSerializer.class) // Kryo knows no records
record VectorScorer(String key, TrainedNetwork network) implements NetworkSource, Serializable {

  private static final long serialVersionUID = 1L;

  VectorScorer(TrainedNetwork network) {
    this(UUID.randomUUID().toString(), network);
  }

  /**
   * Raw scores of the classes or labels.
   *
   * @param keeps whether features may be missing
   * @throws IllegalArgumentException if the vector has another size, or a value that cannot be
   *     scored
   */
  double[] raw(Vector features, boolean keeps) {
    float[] inputs = new float[description().features()];
    network.encoding().vectorReader(keeps).read(RowFactory.create(features), inputs);
    TaskContext task = TaskContext.get();
    NativeEngine.require(task == null ? 1 : task.cpus());
    try (Scorer scorer = new Scorer(this)) {
      return network.link().raw(scorer.logits(inputs), 0, scorer.outputs());
    }
  }

  @Override
  public NetworkDescription description() {
    return network.description();
  }

  @Override
  public NetworkDescription whole() {
    return network.description();
  }

  @Override
  public Map<String, long[]> shapes() {
    return network.shapes();
  }

  @Override
  public Iterator<float[]> parameters() {
    return network.weights().values().stream().map(Safetensors.Tensor::values).iterator();
  }
}
