/**
 * The quickstart: trains on a table of labelled rows on Spark executors, compares losses, saves the
 * model and scores again in a fresh JVM. Start at {@link
 * io.sparkfocal.examples.quickstart.Quickstart}.
 */
@org.jspecify.annotations.NullMarked
package io.sparkfocal.examples.quickstart;
