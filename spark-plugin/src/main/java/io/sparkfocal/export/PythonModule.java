package io.sparkfocal.export;

import java.util.stream.Collectors;

/** Writes a {@link Graph} as a file of Python that builds it with PyTorch. */
final class PythonModule {

  /** The tensors, in the folder of the file. */
  static final String WEIGHTS = "weights.safetensors";

  private static final String CODE =
      """
      \"""A classifier that Spark Focal trained: from raw features to the probabilities of %2$s.

          from model import load

          network = load()
          probabilities = network(features)  # (%1$s) or (B, %1$s), float or double

      `model.json` tells what the features and the probabilities are. Needs torch and safetensors.
      \"""

      from pathlib import Path

      import torch
      from safetensors.torch import load_file
      from torch import Tensor, nn

      PARAMETERS = [
      %3$s]

      # What was found out from the training rows before training.
      BUFFERS = [
      %4$s]


      class FocalNetwork(nn.Module):
          \"""Batch norm is part of the weights before it; there is no dropout.\"""

          def __init__(self, tensors: dict[str, Tensor]) -> None:
              super().__init__()
              for name in PARAMETERS:
                  self.register_parameter(name, nn.Parameter(tensors[name]))
              for name in BUFFERS:
                  self.register_buffer(name, tensors[name])

          def logits(self, features: Tensor) -> Tensor:
              \"""What the network gives for features of shape (..., %1$s): (..., %5$s), float32.\"""
      %6$s
          def forward(self, features: Tensor) -> Tensor:
              \"""The probabilities for features of shape (..., %1$s): (..., %7$s), float32.\"""
      %8$s

      def load(folder: Path = Path(__file__).parent) -> FocalNetwork:
          \"""The network with the weights that lie in a folder.\"""
          return FocalNetwork(load_file(folder / "%9$s")).eval()
      """;

  private PythonModule() {}

  /** The text of the file. */
  static String of(Graph graph, boolean isMultilabel) {
    TorchCode logits = new TorchCode(TorchCode.Language.PYTHON);
    logits
        .assign(
            graph.input().name(),
            logits.rows(logits.cast("features", NumberType.DOUBLE), graph.features()))
        .add(graph.toLogits())
        .returns(logits.asGiven(graph.logits().name(), "features", graph.outputs()));
    TorchCode forward =
        new TorchCode(TorchCode.Language.PYTHON)
            .assign(graph.given().name(), "self.logits(features)")
            .add(graph.toProbabilities())
            .returns(graph.probabilities().name());
    return CODE.formatted(
        graph.features(),
        graph.classes() + (isMultilabel ? " labels" : " classes"),
        names(graph, true),
        names(graph, false),
        graph.outputs(),
        logits,
        graph.classes(),
        forward,
        WEIGHTS);
  }

  private static String names(Graph graph, boolean trained) {
    return graph.tensors().stream()
        .filter(tensor -> tensor.isTrained() == trained)
        .map(tensor -> "    \"" + tensor.name() + "\",\n")
        .collect(Collectors.joining());
  }
}
