package io.sparkfocal.ml;

import com.esotericsoftware.kryo.DefaultSerializer;
import com.esotericsoftware.kryo.serializers.JavaSerializer;
import io.sparkfocal.persist.TrainedNetwork;
import java.io.Serializable;
import java.lang.ref.WeakReference;
import org.apache.spark.SparkContext;
import org.apache.spark.api.java.JavaSparkContext;
import org.jspecify.annotations.Nullable;

/**
 * A model's broadcast of its network: made when scoring first needs it, once per application, and
 * shared by the copies of the model. It does not travel with the model.
 */
@DefaultSerializer(JavaSerializer.class)
final class NetworkBroadcast implements Serializable {

  private static final long serialVersionUID = 1L;

  private transient @Nullable Sent sent;

  private record Sent(WeakReference<SparkContext> to, SentNetwork network) {}

  /** The network as the tasks of an application get it. */
  synchronized SentNetwork in(SparkContext application, TrainedNetwork network) {
    if (sent == null || sent.to().get() != application) {
      sent =
          new Sent(
              new WeakReference<>(application),
              SentNetwork.of(network, JavaSparkContext.fromSparkContext(application)));
    }
    return sent.network();
  }
}
