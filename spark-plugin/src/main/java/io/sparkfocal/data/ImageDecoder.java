package io.sparkfocal.data;

import io.sparkfocal.network.ImageShape;
import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.Raster;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.Serializable;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.ImageTypeSpecifier;
import javax.imageio.stream.ImageInputStream;
import javax.imageio.stream.MemoryCacheImageInputStream;
import org.apache.spark.ml.image.ImageSchema;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.types.BinaryType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.jspecify.annotations.Nullable;

/**
 * Makes pixels of images: files (JPEG, PNG, BMP and the first picture of a GIF, by {@code
 * javax.imageio}), or the structs of Spark's {@code image} source (see {@link ImageSchema}).
 *
 * <p>Pixels are bytes from 0 to 255, channel by channel (red, green, blue, or one of grey), each
 * line by line. An image is brought to height and width of the shape, whatever its own proportions
 * are ({@link BilinearResize}). Colours become grey by ITU-R 601; transparency and the orientation
 * that a camera notes are not looked at. The colour profile of a JPEG is applied, as the JDK does.
 *
 * @param shape with one channel or three
 * @param structs whether the column has structs
 */
record ImageDecoder(ImageShape shape, boolean structs) implements Serializable {

  /** Of an image before it is resized, so that a small file cannot ask for all memory. */
  private static final long MOST_PIXELS = 1L << 26;

  private static final long MOST_BYTES = 1L << 28;
  private static final int LONGEST_SIDE = 1 << 15;

  /** Of the readers of every JDK, as they name themselves. */
  private static final Set<String> FORMATS = Set.of("jpeg", "png", "gif", "bmp");

  private static final int FIELDS = 6;
  private static final int ORIGIN = 0;
  private static final int HEIGHT = 1;
  private static final int WIDTH = 2;
  private static final int CHANNELS = 3;
  private static final int MODE = 4;
  private static final int DATA = 5;

  /** Bytes in Spark's structs, of one, three or four channels. */
  private static final List<Integer> MODES = List.of(0, 16, 24);

  ImageDecoder {
    if (shape.channels() != 1 && shape.channels() != 3) {
      throw new IllegalArgumentException(
          "inputShape is [%s, %s, %s], but images have 1 channel (grey) or 3 (red, green, blue)."
              .formatted(shape.channels(), shape.height(), shape.width()));
    }
    shape.requireSides();
  }

  /** Whether a column of that type has images. */
  static boolean takes(DataType type) {
    if (!(type instanceof StructType struct)) {
      return type instanceof BinaryType;
    }
    StructField[] fields = ImageSchema.columnSchema().fields();
    return struct.length() == fields.length
        && IntStream.range(0, fields.length)
            .allMatch(
                i ->
                    struct.apply(i).name().equals(fields[i].name())
                        && struct.apply(i).dataType().equals(fields[i].dataType()));
  }

  /**
   * The pixels of an image in a row.
   *
   * @return null if there is none, or none that can be read
   */
  byte @Nullable [] pixels(InternalRow row, int ordinal) {
    if (row.isNullAt(ordinal)) {
      return null;
    }
    if (!structs) {
      return ofFile(row.getBinary(ordinal));
    }
    InternalRow image = row.getStruct(ordinal, FIELDS);
    return IntStream.of(HEIGHT, WIDTH, CHANNELS, MODE, DATA).anyMatch(image::isNullAt)
        ? null
        : ofBytes(
            image.getInt(HEIGHT),
            image.getInt(WIDTH),
            image.getInt(CHANNELS),
            image.getInt(MODE),
            image.getBinary(DATA));
  }

  /** As above, of a column's value: bytes or a row. */
  byte @Nullable [] pixels(@Nullable Object value) {
    if (value instanceof byte[] file) {
      return ofFile(file);
    }
    return value instanceof Row image
            && IntStream.of(HEIGHT, WIDTH, CHANNELS, MODE, DATA).noneMatch(image::isNullAt)
        ? ofBytes(
            image.getInt(HEIGHT),
            image.getInt(WIDTH),
            image.getInt(CHANNELS),
            image.getInt(MODE),
            image.getAs(DATA))
        : null;
  }

  /** Where an image came from, or how large it is, for a message; empty where there is nothing. */
  String origin(InternalRow row, int ordinal) {
    if (row.isNullAt(ordinal)) {
      return "";
    }
    if (!structs) {
      return origin(row.getBinary(ordinal));
    }
    InternalRow image = row.getStruct(ordinal, FIELDS);
    return image.isNullAt(ORIGIN) ? "" : " (" + image.getUTF8String(ORIGIN) + ")";
  }

  /** As above, of a column's value. */
  static String origin(@Nullable Object value) {
    if (value instanceof byte[] file) {
      return " (there are " + file.length + " bytes)";
    }
    return value instanceof Row image && !image.isNullAt(ORIGIN)
        ? " (" + image.getString(ORIGIN) + ")"
        : "";
  }

  private byte @Nullable [] ofFile(byte... file) {
    try (ImageInputStream in = new MemoryCacheImageInputStream(new ByteArrayInputStream(file))) {
      Iterator<ImageReader> readers = ImageIO.getImageReaders(in);
      if (!readers.hasNext()) {
        return null;
      }
      ImageReader reader = readers.next();
      try {
        reader.setInput(in, true, true);
        return FORMATS.contains(reader.getFormatName().toLowerCase(Locale.ROOT))
                && isSmallEnough(reader)
            ? ofWhole(reader)
            : null;
      } finally {
        reader.dispose();
      }
    } catch (IOException | RuntimeException e) {
      // Readers throw whatever a damaged file leads them to, and wrap errors that are not its
      // fault.
      for (Throwable cause = e; cause != null; cause = cause.getCause()) {
        if (cause instanceof Error error) {
          throw error;
        }
      }
      return null;
    }
  }

  /** By its header. */
  private static boolean isSmallEnough(ImageReader reader) throws IOException {
    int height = reader.getHeight(0);
    int width = reader.getWidth(0);
    ImageTypeSpecifier type = reader.getRawImageType(0);
    int bits = type == null ? Integer.SIZE : type.getColorModel().getPixelSize();
    return isSmallEnough(height, width) && (long) height * width * bits / Byte.SIZE <= MOST_BYTES;
  }

  private static boolean isSmallEnough(int height, int width) {
    return height <= LONGEST_SIDE && width <= LONGEST_SIDE && (long) height * width <= MOST_PIXELS;
  }

  private byte @Nullable [] ofWhole(ImageReader reader) throws IOException {
    AtomicBoolean isCut = new AtomicBoolean();
    reader.addIIOReadWarningListener(
        (source, warning) -> {
          if (warning.toLowerCase(Locale.ROOT).contains("premature end")) {
            isCut.set(true);
          }
        });
    BufferedImage image = reader.read(0);
    return isCut.get() ? null : ofImage(image);
  }

  private byte[] ofImage(BufferedImage image) {
    return image.getColorModel().getColorSpace().getType() == ColorSpace.TYPE_GRAY
        ? ofGrey(image)
        : ofColours(image);
  }

  /** As they are: getRGB would take them for linear light. */
  private byte[] ofGrey(BufferedImage image) {
    Raster raster = image.getRaster();
    int width = image.getWidth();
    int shift = Math.max(0, image.getColorModel().getComponentSize(0) - Byte.SIZE);
    int[] samples = new int[width];
    return resized(
        image.getHeight(),
        width,
        (y, line) -> {
          raster.getSamples(0, y, width, 1, 0, samples);
          for (int x = 0; x < width; x++) {
            put(samples[x] >> shift, line, x);
          }
        });
  }

  private byte[] ofColours(BufferedImage image) {
    int width = image.getWidth();
    int[] colours = new int[width];
    return resized(
        image.getHeight(),
        width,
        (y, line) -> {
          image.getRGB(0, y, width, 1, colours, 0, width);
          for (int x = 0; x < width; x++) {
            put(colours[x] >> 16 & 255, colours[x] >> 8 & 255, colours[x] & 255, line, x);
          }
        });
  }

  /** Blue, green, red, and perhaps transparency, pixel by pixel. */
  private byte @Nullable [] ofBytes(int height, int width, int channels, int mode, byte... data) {
    if (!MODES.contains(mode)
        || height < 1
        || width < 1
        || !isSmallEnough(height, width)
        || channels != 1 + (mode >> 3)
        || data.length != (long) height * width * channels) {
      return null;
    }
    return resized(
        height,
        width,
        (y, line) -> {
          for (int x = 0; x < width; x++) {
            int at = (y * width + x) * channels;
            if (channels == 1) {
              put(data[at] & 255, line, x);
            } else {
              put(data[at + 2] & 255, data[at + 1] & 255, data[at] & 255, line, x);
            }
          }
        });
  }

  private void put(int grey, float[][] line, int x) {
    for (float[] channel : line) {
      channel[x] = grey;
    }
  }

  private void put(int red, int green, int blue, float[][] line, int x) {
    if (line.length == 1) {
      // In 16 bits, rounded, as PIL does.
      line[0][x] = (red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16;
    } else {
      line[0][x] = red;
      line[1][x] = green;
      line[2][x] = blue;
    }
  }

  private byte[] resized(int height, int width, BilinearResize.Lines lines) {
    return new BilinearResize(shape, height, width).pixels(lines);
  }
}
