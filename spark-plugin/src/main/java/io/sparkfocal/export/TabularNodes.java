package io.sparkfocal.export;

import io.sparkfocal.export.Operand.Value;
import io.sparkfocal.network.TabularNetwork;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** What a {@link TabularNetwork} computes outside training: from encoded columns to logits. */
final class TabularNodes {

  private final GraphBuilder graph;
  private final StoredWeights weights;

  TabularNodes(GraphBuilder graph, StoredWeights weights) {
    this.graph = graph;
    this.weights = weights;
  }

  /**
   * The logits.
   *
   * @param missing places of the numbers that training rows lack
   * @param arguments of the network
   */
  Value logits(TableNodes.Encoded columns, List<Integer> missing, Map<String, String> arguments) {
    Value joined = joined(columns, missing);
    boolean averagesLogits = arguments.getOrDefault("average", "probabilities").equals("logits");
    return averaged(members(joined), averagesLogits);
  }

  /** All numbers and categories of a row as one vector. */
  private Value joined(TableNodes.Encoded columns, List<Integer> missing) {
    List<Operand> parts = new ArrayList<>();
    Value isMissing = columns.isMissing();
    Value scores = columns.scores();
    Value distances = columns.distances();
    if (isMissing != null && scores != null && distances != null) {
      graph.section("Learnt values in the place of missing numbers.");
      Value score = graph.of(Op.WHERE, isMissing, weights.next(graph, "missingScore"), scores);
      parts.add(score);
      parts.add(graph.of(Op.WHERE, isMissing, weights.next(graph, "missingDistance"), distances));
      parts.add(embedded(score));
      if (!missing.isEmpty()) {
        graph.section("Marks of missing numbers.");
        Value marks = graph.cast(isMissing, NumberType.FLOAT);
        long[] places = missing.stream().mapToLong(Integer::longValue).toArray();
        parts.add(graph.columns(marks, graph.indices("may_be_missing", places)));
      }
    }
    Value categories = columns.categories();
    if (categories != null) {
      graph.section("Embeddings of categories.");
      for (int i = 0; weights.left("category" + i) > 0; i++) {
        Tensor embedding = weights.next(graph, "category" + i);
        parts.add(graph.rows(embedding, graph.column(categories, i)));
      }
    }
    graph.section("All of them side by side.");
    return graph.concat(parts);
  }

  /** Cosines of each number's score, and a linear layer of them: (B, N) to (B, N x E). */
  private Value embedded(Value scores) {
    graph.section("Periodic embeddings of the scores.");
    Tensor frequency = weights.next(graph, "frequency");
    Tensor embedding = weights.next(graph, "embedding");
    long numbers = embedding.shape()[0];
    Value byNumber = graph.reshape(graph.transpose(scores, 1, 0), numbers, -1, 1);
    Value waves = graph.of(Op.MUL, byNumber, frequency);
    waves = graph.of(Op.COS, graph.of(Op.ADD, waves, weights.next(graph, "phase")));
    Value values = graph.of(Op.MATMUL, waves, embedding);
    values = graph.of(Op.ADD, values, weights.next(graph, "embeddingBias"));
    return graph.reshape(graph.transpose(values, 1, 0, 2), -1, numbers * embedding.shape()[2]);
  }

  /** The logits of all members: (members, B, outputs). */
  private Value members(Value joined) {
    graph.section("Perceptrons that share their weights: shape (members, B, ...).");
    Value x = graph.of(Op.MUL, joined, weights.next(graph, "scales"));
    for (int i = 0; weights.left("weight" + i) > 0; i++) {
      x = graph.of(Op.MATMUL, x, weights.next(graph, "weight" + i));
      x = graph.of(Op.RELU, graph.of(Op.ADD, x, weights.next(graph, "bias" + i)));
    }
    x = graph.of(Op.MATMUL, x, weights.next(graph, "head"));
    return graph.of(Op.ADD, x, weights.next(graph, "headBias"));
  }

  private Value averaged(Value logits, boolean averagesLogits) {
    if (averagesLogits) {
      graph.section("The mean of the members' logits.");
      return graph.mean(logits, 0);
    }
    graph.section("The logarithm of the members' mean probability.");
    Value logs = graph.of(Op.LOG_SOFTMAX, logits);
    Value most = graph.largest(logs, 0);
    Value mean = graph.mean(graph.of(Op.EXP, graph.of(Op.SUB, logs, most)), 0);
    return graph.of(Op.ADD, graph.of(Op.LOG, mean), most);
  }
}
