package io.sparkfocal.export;

import io.sparkfocal.calibration.LogitLink;
import io.sparkfocal.export.Operand.Value;
import java.util.List;

/**
 * From logits of any shape (..., outputs) to probabilities, as {@link LogitLink} says, in float64,
 * and then float32.
 */
final class LinkNodes {

  private final GraphBuilder graph;

  LinkNodes(GraphBuilder graph) {
    this.graph = graph;
  }

  Value probabilities(Value logits, LogitLink link, int outputs) {
    graph.section("Probabilities.");
    Value x = graph.cast(logits, NumberType.DOUBLE);
    if (link.offsets().length > 0) {
      x = graph.of(Op.ADD, x, graph.row("offsets", link.offsets()));
    }
    boolean isOfEach = link.isMultilabel() || outputs == 1;
    if (link.sigmoid() && !isOfEach) {
      x = logSigmoid(x);
    }
    if (link.temperature() != 1) {
      x = graph.of(Op.DIV, x, link.temperature());
    }
    if (link.isMultilabel()) {
      x = graph.of(Op.SIGMOID, x);
    } else if (outputs == 1) {
      Value one = graph.of(Op.SIGMOID, x);
      Value zero = graph.of(Op.SIGMOID, graph.of(Op.NEG, x));
      x = graph.concat(List.of(zero, one));
    } else {
      x = graph.of(Op.SOFTMAX, x);
    }
    return graph.cast(x, NumberType.FLOAT);
  }

  /** min(x, 0) - log(1 + exp(-|x|)), which is finite wherever x is. */
  private Value logSigmoid(Value x) {
    Value small = graph.of(Op.SMALLER, x, graph.tensor("no_log_odds", new long[0], 0));
    Value e = graph.of(Op.EXP, graph.of(Op.NEG, graph.of(Op.ABS, x)));
    return graph.of(Op.SUB, small, graph.of(Op.LOG, graph.of(Op.ADD, e, 1)));
  }
}
