package io.sparkfocal.collective.rpc;

import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;

/**
 * The values of one all-reduce as they travel: how a rank's own are sent, how another's are added
 * to them, and how sums are taken over. Places and lengths are bytes of what travels.
 */
interface Wire {

  /** How many bytes a value has on its way. */
  int valueBytes();

  /** How many bytes travel once round the ring. */
  int bytes();

  /** Prepares this rank's own values for {@link #payload}. */
  void load(int from, int to);

  /** Adds what came to this rank's values; the result can be sent. */
  void add(int at, ByteBuf piece);

  /** Takes over this rank's finished sums, as all others will see them. */
  void finish(int from, int to);

  /** Takes over the sums that came; they can be sent on. */
  void copy(int at, ByteBuf piece);

  /** What is to be sent, as a view. */
  ByteBuffer payload(int at, int length);
}
