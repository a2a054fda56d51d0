/**
 * A ring of ranks over Spark's own transport, so that the cluster's authentication and encryption
 * hold for gradients too.
 *
 * <p>{@link io.sparkfocal.collective.rpc.RpcEndpoint} listens, and connects the ring; {@code
 * RingCollective} runs on the rank's thread; {@code PeerLink} sends to the next rank from the
 * tensor's memory; {@code FrameReceiver} hears who greets and {@code FrameReader} cuts what the
 * rank before sends into pieces, both on network threads, and never block; {@code Mailbox} is where
 * the two kinds of threads meet; a {@code Wire} is how values travel.
 */
@org.jspecify.annotations.NullMarked
package io.sparkfocal.collective.rpc;
