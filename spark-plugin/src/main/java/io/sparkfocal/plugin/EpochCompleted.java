package io.sparkfocal.plugin;

import io.sparkfocal.train.EpochReport;
import java.io.Serializable;
import org.apache.spark.scheduler.SparkListenerEvent;

/**
 * An epoch of a running {@code fit} ended; posted to the application's {@code SparkListener}s
 * ({@code onOtherEvent}) by the plugin.
 *
 * @param run uid of the estimator, then four digits that tell its fits apart
 * @param workers how many ranks train
 * @param report what happened in the epoch
 */
public record EpochCompleted(String run, int workers, EpochReport report)
    implements SparkListenerEvent, Serializable {}
