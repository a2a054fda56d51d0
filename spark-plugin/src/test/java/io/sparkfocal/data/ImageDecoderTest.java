package io.sparkfocal.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkfocal.network.ImageShape;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ImageDecoderTest {

  private static final int HEIGHT = 11;
  private static final int WIDTH = 7;

  /** What PIL 11.3 makes of {@link #colours} by {@code resize((4, 3), BILINEAR)}. */
  private static final int[] SMALLER = {
    91, 154, 158, 139, 122, 131, 123, 120, 119, 144, 103, 149, 138, 119, 117, 133, 131, 130, 118,
    116, 142, 115, 119, 136, 114, 126, 114, 118, 145, 155, 132, 150, 146, 141, 127, 133
  };

  /** What it makes by {@code resize((5, 13), BILINEAR)}. */
  private static final int[] HIGHER = {
    20, 92, 177, 148, 78, 52, 136, 199, 112, 163, 86, 184, 153, 159, 152, 121, 167, 133, 187, 141,
    130, 104, 158, 162, 136, 106, 74, 165, 126, 98, 141, 122, 92, 110, 120, 176, 170, 117, 70, 69,
    93, 120, 141, 129, 136, 75, 125, 104, 148, 184, 110, 173, 75, 121, 173, 126, 196, 111, 87, 142,
    92, 152, 169, 72, 161, 121, 193, 69, 107, 179, 153, 128, 91, 180, 133, 135, 73, 116, 103, 135,
    137, 77, 162, 85, 117, 172, 126, 177, 130, 93, 181, 153, 114, 110, 101, 71, 81, 99, 69, 50, 107,
    129, 163, 149, 144, 141, 177, 115, 151, 178, 130, 165, 105, 119, 154, 126, 106, 129, 90, 136,
    161, 67, 127, 100, 137, 193, 111, 61, 173, 91, 136, 38, 123, 208, 110, 168, 82, 145, 84, 129,
    98, 130, 99, 105, 98, 67, 178, 101, 133, 87, 103, 183, 136, 108, 134, 137, 133, 136, 90, 202,
    172, 182, 200, 170, 151, 135, 134, 127, 154, 172, 157, 164, 134, 118, 134, 192, 136, 159, 94,
    130, 161, 119, 139, 121, 119, 91, 168, 93, 168, 107, 123, 212, 115, 132, 192
  };

  /** What it makes by {@code convert("L").resize((4, 3), BILINEAR)}. */
  private static final int[] GREY = {121, 130, 129, 134, 130, 133, 121, 121, 135, 127, 115, 139};

  private static BufferedImage colours() {
    BufferedImage image = new BufferedImage(WIDTH, HEIGHT, BufferedImage.TYPE_INT_RGB);
    for (int y = 0; y < HEIGHT; y++) {
      for (int x = 0; x < WIDTH; x++) {
        image.setRGB(x, y, value(y, x, 0) << 16 | value(y, x, 1) << 8 | value(y, x, 2));
      }
    }
    return image;
  }

  private static int value(int y, int x, int channel) {
    return (y * 37 + x * 59 + channel * 101 + y * x * 13) % 256;
  }

  private static byte[] file(BufferedImage image, String format) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    assertThat(ImageIO.write(image, format, bytes)).isTrue();
    return bytes.toByteArray();
  }

  private static int[] pixels(ImageShape shape, Object value) {
    byte[] pixels = new ImageDecoder(shape, false).pixels(value);
    assertThat(pixels).isNotNull();
    return IntStream.range(0, pixels.length).map(i -> pixels[i] & 255).toArray();
  }

  private static void assertNear(int[] actual, int... expected) {
    assertThat(actual).hasSameSizeAs(expected);
    for (int i = 0; i < expected.length; i++) {
      assertThat(actual[i]).as("value %s", i).isBetween(expected[i] - 1, expected[i] + 1);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"png", "bmp"})
  void imagesAreResizedAsByPil(String format) throws IOException {
    byte[] file = file(colours(), format);
    assertNear(pixels(new ImageShape(3, 3, 4), file), SMALLER);
    assertNear(pixels(new ImageShape(3, 13, 5), file), HIGHER);
    assertNear(pixels(new ImageShape(1, 3, 4), file), GREY);
  }

  @Test
  void pixelsOfTheRightSizeStayAsTheyAre() throws IOException {
    int[] pixels = pixels(new ImageShape(3, HEIGHT, WIDTH), file(colours(), "png"));
    for (int c = 0; c < 3; c++) {
      for (int y = 0; y < HEIGHT; y++) {
        for (int x = 0; x < WIDTH; x++) {
          assertThat(pixels[(c * HEIGHT + y) * WIDTH + x]).isEqualTo(value(y, x, c));
        }
      }
    }
  }

  @Test
  void greyStaysAsItIsInOneChannelAndInThree() throws IOException {
    BufferedImage grey = new BufferedImage(2, 1, BufferedImage.TYPE_BYTE_GRAY);
    grey.getRaster().setSample(0, 0, 0, 60);
    grey.getRaster().setSample(1, 0, 0, 200);
    BufferedImage fine = new BufferedImage(2, 1, BufferedImage.TYPE_USHORT_GRAY);
    fine.getRaster().setSample(0, 0, 0, 60 << 8 | 255);
    fine.getRaster().setSample(1, 0, 0, 200 << 8);
    for (BufferedImage image : new BufferedImage[] {grey, fine}) {
      byte[] file = file(image, "png");
      assertThat(pixels(new ImageShape(1, 1, 2), file)).containsExactly(60, 200);
      assertThat(pixels(new ImageShape(3, 1, 2), file)).containsExactly(60, 200, 60, 200, 60, 200);
    }
  }

  @Test
  void aLargeImageBecomesSmall() throws IOException {
    BufferedImage large = new BufferedImage(3000, 2000, BufferedImage.TYPE_INT_RGB);
    for (int y = 0; y < 2000; y++) {
      for (int x = 0; x < 3000; x++) {
        large.setRGB(x, y, (x + y) % 2 == 0 ? 0xFFFFFF : 0);
      }
    }
    assertThat(Arrays.stream(pixels(new ImageShape(3, 8, 8), file(large, "jpg"))))
        .allMatch(value -> value >= 125 && value <= 130);
  }

  @Test
  void whatIsNoImageHasNoPixels() throws IOException {
    ImageDecoder decoder = new ImageDecoder(new ImageShape(3, 4, 4), false);
    byte[] half = Arrays.copyOf(file(colours(), "png"), 60);
    assertThat(decoder.pixels((Object) half)).isNull();
    assertThat(decoder.pixels(new byte[0])).isNull();
    assertThat(decoder.pixels("text".getBytes(java.nio.charset.StandardCharsets.UTF_8))).isNull();
    assertThat(decoder.pixels((Object) null)).isNull();
  }

  /** A reader only warns of it, and fills up with grey. */
  @Test
  void aJpegThatIsCutIsNoImage() throws IOException {
    BufferedImage image = new BufferedImage(200, 200, BufferedImage.TYPE_INT_RGB);
    for (int i = 0; i < 40_000; i++) {
      image.setRGB(i % 200, i / 200, i * 7919);
    }
    byte[] whole = file(image, "jpg");
    ImageDecoder decoder = new ImageDecoder(new ImageShape(3, 4, 4), false);
    assertThat(decoder.pixels((Object) whole)).isNotNull();
    assertThat(decoder.pixels((Object) Arrays.copyOf(whole, whole.length / 2))).isNull();
  }

  @Test
  void aShapeThatIsTooLargeIsRefused() {
    assertThatThrownBy(() -> new ImageDecoder(new ImageShape(1, 1, 70_000), false))
        .hasMessageContaining("is larger than images may be");
    assertThatThrownBy(() -> new ImageDecoder(new ImageShape(3, 40_000, 40_000), false))
        .hasMessageContaining("is larger than images may be");
  }

  @Test
  void aSmallFileCannotAskForAllMemory() throws IOException {
    // The header of a BMP of 30,000 x 30,000 pixels, which compression would keep small.
    java.nio.ByteBuffer file =
        java.nio.ByteBuffer.allocate(200).order(java.nio.ByteOrder.LITTLE_ENDIAN);
    file.put((byte) 'B').put((byte) 'M').putInt(200).putInt(0).putInt(54);
    file.putInt(40).putInt(30_000).putInt(30_000).putShort((short) 1).putShort((short) 24);
    assertThat(new ImageDecoder(new ImageShape(3, 4, 4), false).pixels((Object) file.array()))
        .isNull();
  }

  @Test
  void imagesHaveOneChannelOrThree() {
    assertThatThrownBy(() -> new ImageDecoder(new ImageShape(2, 4, 4), false))
        .hasMessage(
            "inputShape is [2, 4, 4], but images have 1 channel (grey) or 3 (red, green, blue).");
  }
}
