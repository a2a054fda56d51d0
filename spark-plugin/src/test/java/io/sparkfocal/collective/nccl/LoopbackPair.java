package io.sparkfocal.collective.nccl;

import io.sparkfocal.collective.Collective;
import io.sparkfocal.collective.CollectiveException;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/** Two ranks in two processes, as what NCCL is controlled by: every call swaps all bytes. */
final class LoopbackPair implements Collective {

  private final int rank;
  private final Socket socket;
  private volatile @Nullable String failure;

  private LoopbackPair(int rank, Socket socket) {
    this.rank = rank;
    this.socket = socket;
  }

  /** Connects with the other end, which the parent of both has opened at a port and joins. */
  static LoopbackPair of(int rank, int port) throws IOException {
    return new LoopbackPair(rank, new Socket(InetAddress.getLoopbackAddress(), port));
  }

  private byte[] swap(byte[] own) {
    try {
      DataOutputStream out = new DataOutputStream(socket.getOutputStream());
      out.write(own);
      out.flush();
      byte[] theirs = new byte[own.length];
      new DataInputStream(socket.getInputStream()).readFully(theirs);
      return theirs;
    } catch (IOException e) {
      throw new CollectiveException("The other rank is gone: " + e.getMessage());
    }
  }

  private static byte[] bytes(ByteBuffer buffer) {
    byte[] bytes = new byte[buffer.limit()];
    buffer.get(0, bytes);
    return bytes;
  }

  @Override
  public int rank() {
    return rank;
  }

  @Override
  public int world() {
    return 2;
  }

  @Override
  public void allReduce(ByteBuffer values, Precision precision) {
    ByteBuffer theirs = ByteBuffer.wrap(swap(bytes(values))).order(ByteOrder.nativeOrder());
    ByteBuffer own = values.duplicate().order(ByteOrder.nativeOrder());
    for (int at = 0; at < values.limit(); at += Float.BYTES) {
      own.putFloat(at, own.getFloat(at) + theirs.getFloat(at));
    }
  }

  @Override
  public void broadcast(ByteBuffer buffer, int root) {
    byte[] theirs = swap(bytes(buffer));
    if (rank != root) {
      buffer.put(0, theirs);
    }
  }

  @Override
  public void barrier() {
    swap(new byte[1]);
  }

  @Override
  public @Nullable String failure() {
    return failure;
  }

  @Override
  public boolean isAborted() {
    return failure != null;
  }

  @Override
  public void abort(String reason) {
    failure = reason;
  }

  @Override
  public void close() {
    try {
      socket.close();
    } catch (IOException e) {
      failure = e.getMessage();
    }
  }
}
