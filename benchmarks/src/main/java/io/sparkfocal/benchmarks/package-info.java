/** What {@code bin/bench} runs: ratios taken in one run, printed as a table and one line each. */
@org.jspecify.annotations.NullMarked
package io.sparkfocal.benchmarks;
