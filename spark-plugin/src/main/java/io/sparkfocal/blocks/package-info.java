/** The rows of one {@code fit} as blocks of Spark's block store: made once, and again if lost. */
@org.jspecify.annotations.NullMarked
package io.sparkfocal.blocks;
