/**
 * The only place with reflection: what differs between Spark 3.5 with Scala 2.12 and Spark 4 with
 * Scala 2.13, for one jar that runs on both.
 */
@org.jspecify.annotations.NullMarked
package io.sparkfocal.compat;
