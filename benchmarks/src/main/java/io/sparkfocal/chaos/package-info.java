/** Trainings that are disturbed on purpose: {@code bin/chaos}. */
@org.jspecify.annotations.NullMarked
package io.sparkfocal.chaos;
