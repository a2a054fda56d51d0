package io.sparkfocal.job;

import io.sparkfocal.data.RowReader;
import io.sparkfocal.network.NetworkDescription;
import io.sparkfocal.train.LossSpec;
import io.sparkfocal.train.TrainingSettings;
import java.io.Serializable;

/**
 * Everything a rank must know to train: made on the driver, sent with the tasks.
 *
 * @param run name of this run, for progress and logs
 * @param attemptKey tells the ranks of this attempt from those of any other
 * @param workers how many ranks train
 * @param rows how to read the partition
 * @param standardize whether features are standardized
 * @param network the network
 * @param outputBias where the bias of the output layer begins; empty for zeros
 * @param loss the loss
 * @param settings how to train
 * @param device where to train
 * @param transport what carries gradients
 * @param collectiveTimeoutMillis how long a rank waits for another
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record TrainingPlan(
    String run,
    long attemptKey,
    int workers,
    RowReader rows,
    boolean standardize,
    NetworkDescription network,
    float[] outputBias,
    LossSpec loss,
    TrainingSettings settings,
    DeviceChoice device,
    Transport transport,
    long collectiveTimeoutMillis)
    implements Serializable {}
