package io.sparkfocal.job;

import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.SparkConf;
import org.apache.spark.sql.SparkSession;

/**
 * What a session sets: {@code spark.focal.*} over those of the application, and the settings of
 * file systems.
 *
 * <p>A session begins with all settings of its application; {@code spark.conf.set} and {@code SET}
 * change its own.
 */
final class SessionSettings {

  private SessionSettings() {}

  /** Settings of the application and this session for file systems, as Spark's own readers use. */
  static Configuration hadoop(SparkSession session) {
    return session.sessionState().newHadoopConf();
  }

  /**
   * The settings of the application, but {@code spark.focal.*} of the session.
   *
   * @throws IllegalArgumentException if the session sets one that only an application can have
   */
  static SparkConf of(SparkSession session) {
    SparkConf application = session.sparkContext().getConf();
    return merged(application, hadoop(session).getPropsWithPrefix(SettingNames.PREFIX));
  }

  /** As above, given what the session sets, without the prefix. */
  static SparkConf merged(SparkConf application, Map<String, String> session) {
    SparkConf merged = application.clone();
    for (var entry : application.getAllWithPrefix(SettingNames.PREFIX)) {
      String key = SettingNames.PREFIX + entry._1();
      if (!SettingNames.isOfApplication(key)) {
        merged.remove(key);
      }
    }
    session.forEach(
        (name, value) -> {
          String key = SettingNames.PREFIX + name;
          if (SettingNames.isOfApplication(key) && !application.get(key, "").equals(value)) {
            throw new IllegalArgumentException(
                "%s is \"%s\" in this session, but a process reads it once; set it for the application, by --conf or in spark-defaults.conf, and start that again."
                    .formatted(key, value));
          }
          merged.set(key, value);
        });
    return merged;
  }
}
