/**
 * Models for readers that know nothing of Spark: one description of what a model computes ({@link
 * io.sparkfocal.export.Graph}), written as TorchScript, as ONNX and as Python with PyTorch.
 *
 * <p>The files are written by our own few lines: DJL can neither trace nor script a network, and
 * libraries of ONNX bring natives of their own.
 */
@org.jspecify.annotations.NullMarked
package io.sparkfocal.export;
