package io.sparkfocal.persist;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Map;
import java.util.zip.CRC32C;

/**
 * The bytes of an event file, which TensorBoard reads: protobuf messages of type Event, each with
 * its length and two checksums around it.
 *
 * @see <a href="https://www.tensorflow.org/tutorials/load_data/tfrecord">TFRecord</a>
 * @see <a
 *     href="https://github.com/tensorflow/tensorboard/blob/master/tensorboard/compat/proto/event.proto">Event</a>
 */
public final class EventFile {

  /** Fields of an Event. */
  private static final int WALL_TIME = 1;

  private static final int STEP = 2;
  private static final int VERSION = 3;
  private static final int SUMMARY = 5;
  private static final int SESSION_LOG = 7;

  /** Status of a SessionLog: what came before with this step or a later one counts no more. */
  private static final int START = 1;

  private static final int CHECKSUM_ADDEND = 0xa282ead8;
  private static final int CHECKSUM_ROTATION = 15;

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  /**
   * An event file without numbers.
   *
   * @param seconds since 1970
   */
  public EventFile(double seconds) {
    add(new Protobuf().float64(WALL_TIME, seconds).text(VERSION, "brain.Event:2"));
  }

  /** What earlier files say of this step and of later ones counts no more. */
  public EventFile restart(double seconds, long step) {
    Protobuf log = new Protobuf().number(1, START);
    add(new Protobuf().float64(WALL_TIME, seconds).number(STEP, step).message(SESSION_LOG, log));
    return this;
  }

  /** Numbers by tag; tags with the same word before a slash are drawn beside each other. */
  public EventFile scalars(double seconds, long step, Map<String, Double> values) {
    Protobuf summary = new Protobuf();
    values.forEach(
        (tag, value) ->
            summary.message(1, new Protobuf().text(1, tag).float32(2, value.floatValue())));
    add(new Protobuf().float64(WALL_TIME, seconds).number(STEP, step).message(SUMMARY, summary));
    return this;
  }

  private void add(Protobuf event) {
    byte[] data = event.toBytes();
    ByteBuffer length =
        ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN).putLong(data.length);
    out.writeBytes(length.array());
    out.writeBytes(checksum(length.array()));
    out.writeBytes(data);
    out.writeBytes(checksum(data));
  }

  private static byte[] checksum(byte... data) {
    CRC32C crc = new CRC32C();
    crc.update(data);
    int masked = Integer.rotateRight((int) crc.getValue(), CHECKSUM_ROTATION) + CHECKSUM_ADDEND;
    return ByteBuffer.allocate(Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN).putInt(masked).array();
  }

  /** All of it. */
  public byte[] toBytes() {
    return out.toByteArray();
  }
}
