package io.sparkfocal.ml;

import io.sparkfocal.data.FeatureEncoding;
import io.sparkfocal.data.Standardization;
import io.sparkfocal.network.NetworkDescription;
import io.sparkfocal.network.TorchScriptFile;
import io.sparkfocal.persist.EncodingFile;
import io.sparkfocal.persist.Safetensors;
import io.sparkfocal.persist.TrainedNetwork;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.WeakHashMap;
import java.util.stream.Stream;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;

/**
 * A network whose weights are broadcast, in arrays of primitives, which every serializer knows.
 *
 * @param key which network of which application it is
 * @param description how to build the network, without a file
 * @param file bytes of a TorchScript file; none for others
 * @param shapes by parameter name, in the order of the flat tensor
 * @param pieces values of consecutive parameters
 * @param standardization what {@link Standardization#toArray} gave; nothing for others
 * @param table what {@link EncodingFile#bytes} gave; nothing for a standardization
 */
record SentNetwork(
    String key,
    NetworkDescription description,
    Broadcast<byte[]> file,
    Map<String, long[]> shapes,
    List<Broadcast<float[]>> pieces,
    Broadcast<double[]> standardization,
    Broadcast<byte[]> table)
    implements NetworkSource, Serializable {

  /** By the very array of a broadcast: they go with it. */
  private static final Map<byte[], FeatureEncoding> ENCODINGS =
      Collections.synchronizedMap(new WeakHashMap<>());

  /** Values that small parameters share a piece of; a larger parameter is a piece of its own. */
  private static final int PIECE = 1 << 24;

  /** Broadcasts a network. */
  static SentNetwork of(TrainedNetwork network, JavaSparkContext spark) {
    Map<String, long[]> shapes = network.shapes();
    Iterator<Safetensors.Tensor> tensors = network.weights().values().iterator();
    List<Broadcast<float[]>> pieces = new ArrayList<>();
    for (int[] sizes : cut(shapes)) {
      pieces.add(spark.broadcast(joined(tensors, sizes)));
    }
    TorchScriptFile file = network.description().file();
    return new SentNetwork(
        UUID.randomUUID().toString(),
        network.description().with(null),
        spark.broadcast(file == null ? new byte[0] : file.bytes()),
        shapes,
        pieces,
        spark.broadcast(
            network.encoding() instanceof Standardization standardization
                ? standardization.toArray()
                : new double[0]),
        spark.broadcast(
            network.encoding() instanceof Standardization
                ? new byte[0]
                : EncodingFile.bytes(network.encoding())));
  }

  /** Sizes of the parameters of each piece. */
  private static List<int[]> cut(Map<String, long[]> shapes) {
    List<int[]> pieces = new ArrayList<>();
    int[] last = {};
    long filled = PIECE + 1L;
    for (long[] shape : shapes.values()) {
      int size = Math.toIntExact(Arrays.stream(shape).reduce(1, Math::multiplyExact));
      boolean isNew = filled + size > PIECE;
      last = isNew ? new int[] {size} : Arrays.copyOf(last, last.length + 1);
      last[last.length - 1] = size;
      filled = isNew ? size : filled + size;
      if (!isNew) {
        pieces.remove(pieces.size() - 1);
      }
      pieces.add(last);
    }
    return pieces;
  }

  /** An array of the model's own where a piece is one parameter. */
  private static float[] joined(Iterator<Safetensors.Tensor> tensors, int[] sizes) {
    if (sizes.length == 1) {
      return tensors.next().values();
    }
    float[] all = new float[Arrays.stream(sizes).sum()];
    int at = 0;
    for (int size : sizes) {
      System.arraycopy(tensors.next().values(), 0, all, at, size);
      at += size;
    }
    return all;
  }

  @Override
  public NetworkDescription whole() {
    byte[] bytes = file.value();
    return bytes.length == 0 ? description : description.with(new TorchScriptFile(bytes));
  }

  /** A piece is fetched when it is its turn. */
  @Override
  public Iterator<float[]> parameters() {
    Iterator<Broadcast<float[]>> arrays = pieces.iterator();
    return cut(shapes).stream().flatMap(sizes -> split(arrays.next().value(), sizes)).iterator();
  }

  private static Stream<float[]> split(float[] piece, int[] sizes) {
    if (sizes.length == 1) {
      return Stream.of(piece);
    }
    List<float[]> parts = new ArrayList<>();
    int at = 0;
    for (int size : sizes) {
      parts.add(Arrays.copyOfRange(piece, at, at + size));
      at += size;
    }
    return parts.stream();
  }

  /** What to do with features; the tasks of a JVM share one. */
  FeatureEncoding encoding() {
    byte[] bytes = table.value();
    return bytes.length == 0
        ? standard()
        : ENCODINGS.computeIfAbsent(bytes, EncodingFile::encoding);
  }

  /** As above, where it is a standardization. */
  Standardization standard() {
    return Standardization.of(standardization.value());
  }
}
