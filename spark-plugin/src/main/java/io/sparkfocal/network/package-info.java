/**
 * Networks that can be trained: how one is described, built, and the layers that know of the other
 * ranks.
 *
 * <p>A network is any DJL {@code Block}, made by a {@link io.sparkfocal.network.NetworkProvider}.
 * Layers that draw random numbers or need statistics of all ranks come from {@link
 * io.sparkfocal.network.Layers}; DJL's own dropout and batch norm must not be used in training.
 * Nothing here imports Spark.
 */
@org.jspecify.annotations.NullMarked
package io.sparkfocal.network;
