/** Tables of labelled rows, and their split, that the examples share. */
@org.jspecify.annotations.NullMarked
package io.sparkfocal.examples.tables;
