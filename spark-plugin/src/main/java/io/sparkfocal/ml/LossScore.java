package io.sparkfocal.ml;

import java.io.Serializable;

/**
 * How a loss did in a search.
 *
 * @param loss with its numbers and class weights
 * @param score the validation metric of its best epoch, higher is better
 * @param seconds its whole fit took
 */
public record LossScore(String loss, double score, double seconds) implements Serializable {}
