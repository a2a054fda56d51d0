/** Ranks that are threads of one JVM, and the world of one. */
@org.jspecify.annotations.NullMarked
package io.sparkfocal.collective.local;
