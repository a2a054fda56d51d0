/**
 * A ring of ranks over Spark's own transport, so that the cluster's authentication and encryption
 * hold for gradients too.
 *
 * <p>{@link io.sparkfocal.collective.rpc.RpcEndpoint} listens, and connects the ring; {@code
 * RingCollective} runs on the rank's thread; {@code PeerLink} sends to the next rank, at most two
 * frames ahead of its acknowledgements; {@code FrameReceiver} runs on network threads, checks and
 * copies frames of the rank before and never blocks; {@code Mailbox} is where the two kinds of
 * threads meet.
 */
@org.jspecify.annotations.NullMarked
package io.sparkfocal.collective.rpc;
