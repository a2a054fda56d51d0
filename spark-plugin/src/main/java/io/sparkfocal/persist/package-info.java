/**
 * Files: weights as safetensors, events as TensorBoard reads them, everything else as JSON. Reading
 * a file runs no code of its own and trusts no length in it.
 */
@org.jspecify.annotations.NullMarked
package io.sparkfocal.persist;
