package io.sparkfocal.data;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import org.apache.spark.unsafe.types.UTF8String;

/** The texts of a block: each feature's own, numbered in the order in which they came. */
final class TextDictionaries {

  private final Map<Integer, Dictionary> byFeature = new TreeMap<>();
  private long bytes;

  private static final class Dictionary {

    private final Map<UTF8String, Integer> codes = new HashMap<>();
    private final List<UTF8String> texts = new ArrayList<>();
  }

  /** The number of a text among those of its feature. */
  int code(int feature, UTF8String text) {
    Dictionary dictionary = byFeature.get(feature);
    if (dictionary == null) {
      dictionary = new Dictionary();
      byFeature.put(feature, dictionary);
      // How many there are before the first; which feature and how many texts.
      bytes += (byFeature.size() == 1 ? 3L : 2L) * Integer.BYTES;
    }
    Integer code = dictionary.codes.get(text);
    if (code != null) {
      return code;
    }
    UTF8String own = text.copy();
    int next = dictionary.texts.size();
    dictionary.codes.put(own, next);
    dictionary.texts.add(own);
    bytes += Integer.BYTES + own.numBytes();
    return next;
  }

  /** The text that a number stands for. */
  UTF8String text(int feature, int code) {
    return Objects.requireNonNull(byFeature.get(feature)).texts.get(code);
  }

  /** Features that have texts, ascending. */
  Set<Integer> features() {
    return byFeature.keySet();
  }

  /**
   * The bytes of those that the first rows have, whose numbers are the smallest.
   *
   * @param counts how many texts of each feature
   */
  long bytes(Map<Integer, Integer> counts) {
    long sum = counts.isEmpty() ? 0 : Integer.BYTES;
    for (Map.Entry<Integer, Integer> entry : counts.entrySet()) {
      sum += 2L * Integer.BYTES;
      List<UTF8String> texts = Objects.requireNonNull(byFeature.get(entry.getKey())).texts;
      for (int i = 0; i < entry.getValue(); i++) {
        sum += Integer.BYTES + texts.get(i).numBytes();
      }
    }
    return sum;
  }

  boolean isEmpty() {
    return byFeature.isEmpty();
  }

  /** What {@link #write} takes for all. */
  long bytes() {
    return bytes;
  }

  /** Writes the first texts of each feature; nothing if there are none. */
  void write(ByteBuffer buffer, Map<Integer, Integer> counts) {
    if (counts.isEmpty()) {
      return;
    }
    buffer.putInt(counts.size());
    counts.forEach(
        (feature, count) -> {
          buffer.putInt(feature).putInt(count);
          List<UTF8String> texts = Objects.requireNonNull(byFeature.get(feature)).texts;
          for (UTF8String text : texts.subList(0, count)) {
            buffer.putInt(text.numBytes()).put(text.getBytes());
          }
        });
  }

  /** The texts of each feature, as {@link #write} wrote them. */
  static Map<Integer, UTF8String[]> read(ByteBuffer buffer) {
    Map<Integer, UTF8String[]> byFeature = new TreeMap<>();
    for (int left = buffer.getInt(); left > 0; left--) {
      int feature = buffer.getInt();
      UTF8String[] texts = new UTF8String[buffer.getInt()];
      for (int i = 0; i < texts.length; i++) {
        byte[] text = new byte[buffer.getInt()];
        buffer.get(text);
        texts[i] = UTF8String.fromBytes(text);
      }
      byFeature.put(feature, texts);
    }
    return byFeature;
  }
}
