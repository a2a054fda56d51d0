package io.sparkfocal.testing;

import java.nio.file.Path;
import java.util.regex.Pattern;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * Something a user may get wrong, and what is said then.
 *
 * @param name in the test's report
 * @param sentence what the whole message must match
 * @param onDriver whether no stage may have been submitted by then
 * @param attempt does it
 */
public record BadInput(String name, Pattern sentence, boolean onDriver, Attempt attempt) {

  /**
   * Where it is done.
   *
   * @param spark three task slots in this JVM
   * @param rows sixty of {@link Samples}
   * @param folder an empty one
   */
  public record Place(SparkSession spark, Dataset<Row> rows, Path folder) {}

  /** Throws. */
  @FunctionalInterface
  public interface Attempt {

    /** Does what is refused. */
    void in(Place place) throws Exception;
  }

  /** What is refused before any stage, with exactly this sentence. */
  public static BadInput early(String name, String sentence, Attempt attempt) {
    return new BadInput(name, Pattern.compile(Pattern.quote(sentence)), true, attempt);
  }

  /** As above, with a sentence that matches. */
  public static BadInput earlyLike(String name, String regex, Attempt attempt) {
    return new BadInput(name, Pattern.compile(regex), true, attempt);
  }

  /** What the job that counts labels refuses. */
  public static BadInput counted(String name, String sentence, Attempt attempt) {
    return new BadInput(name, Pattern.compile(Pattern.quote(sentence)), false, attempt);
  }

  /** As above, with a sentence that matches. */
  public static BadInput countedLike(String name, String regex, Attempt attempt) {
    return new BadInput(name, Pattern.compile(regex), false, attempt);
  }

  /** What a rank refuses, with this sentence behind its own name. */
  public static BadInput byRank(String name, String sentence, Attempt attempt) {
    String who = "Rank \\d of 3, host \\S+, executor \\S+: ";
    return new BadInput(name, Pattern.compile(who + Pattern.quote(sentence)), false, attempt);
  }

  @Override
  public String toString() {
    return name;
  }
}
