/** Networks other than the default: for embeddings, and of PyTorch's own. */
@org.jspecify.annotations.NullMarked
package io.sparkfocal.examples.networks;
