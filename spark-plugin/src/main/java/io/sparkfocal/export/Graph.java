package io.sparkfocal.export;

import java.util.List;

/**
 * What a model computes: from raw features, float64 of shape (B, features), to the network's logits
 * and, from these, to probabilities, float32 of shape (B, outputs) and (B, classes).
 *
 * @param features of a row
 * @param input the features
 * @param tensors all of them, each of another name
 * @param toLogits operations from the features to the logits, each after those it needs
 * @param logits what the network gives, float32
 * @param outputs how many logits a row has
 * @param toProbabilities operations from the logits on
 * @param given the logits, as these operations name them
 * @param probabilities of classes, or of labels
 * @param classes how many probabilities a row has
 */
record Graph(
    int features,
    Operand.Value input,
    List<Tensor> tensors,
    List<Node> toLogits,
    Operand.Value logits,
    int outputs,
    List<Node> toProbabilities,
    Operand.Value given,
    Operand.Value probabilities,
    int classes) {}
