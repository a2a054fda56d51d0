/** The public API: {@link io.sparkfocal.ml.FocalLossClassifier}, its model, params and summary. */
@org.jspecify.annotations.NullMarked
package io.sparkfocal.ml;
