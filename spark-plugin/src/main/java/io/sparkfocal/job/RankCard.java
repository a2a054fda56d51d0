package io.sparkfocal.job;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a rank tells the others before training, once, by a {@link CardExchange}; kept short, since
 * the driver hands all cards to all ranks.
 *
 * @param address where its collective listens; empty if there are no others
 * @param process tells the JVM it runs in from all others
 * @param gpu identity of its GPU; empty on the CPU
 * @param trainingRows how many it has
 * @param validationRows how many it has
 */
public record RankCard(
    String address, String process, String gpu, long trainingRows, long validationRows) {

  private static final ObjectMapper JSON = new ObjectMapper();

  /** Why these ranks cannot meet over NCCL, as a clause; null if they can. */
  static @Nullable String obstacleToNccl(List<RankCard> cards) {
    if (cards.stream().anyMatch(card -> card.gpu.isEmpty())) {
      return "not every rank has a GPU";
    }
    // There, one rank's kernel would wait for another that is queued behind it.
    boolean distinct =
        cards.stream().map(card -> card.process + "/" + card.gpu).distinct().count()
            == cards.size();
    return distinct ? null : "ranks of one process share a GPU";
  }

  /** As text. */
  public String encode() {
    return JSON.createObjectNode()
        .put("address", address)
        .put("process", process)
        .put("gpu", gpu)
        .put("training", trainingRows)
        .put("validation", validationRows)
        .toString();
  }

  /** The cards of all ranks, by rank. */
  public static List<RankCard> decodeAll(String[] texts) {
    return Arrays.stream(texts).map(RankCard::decode).toList();
  }

  private static RankCard decode(String text) {
    try {
      JsonNode json = JSON.readTree(text);
      return new RankCard(
          json.path("address").asText(),
          json.path("process").asText(),
          json.path("gpu").asText(),
          json.path("training").asLong(),
          json.path("validation").asLong());
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("Another rank sent no card, but \"" + text + "\".", e);
    }
  }
}
