package io.sparkfocal.testing;

import java.util.List;
import java.util.Locale;

/** Locales in which text that is made or read without care changes. */
public final class Locales {

  /** Dotted and dotless i, a decimal comma, and digits of another script. */
  private static final List<String> TAGS = List.of("tr-TR", "de-DE", "ar-EG-u-nu-arab");

  private Locales() {}

  /** Does something as a JVM with each of them would. */
  public static void inEach(Runnable work) {
    Locale before = Locale.getDefault();
    try {
      for (String tag : TAGS) {
        Locale.setDefault(Locale.forLanguageTag(tag));
        work.run();
      }
    } finally {
      Locale.setDefault(before);
    }
  }
}
