/** The estimator in Spark ML's pipelines. */
@org.jspecify.annotations.NullMarked
package io.sparkfocal.examples.pipelines;
