package io.sparkfocal.compat;

import java.io.File;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;

/**
 * Where a model is saved or loaded: from Spark 4.1 on, Spark Connect has models saved to the local
 * disk of its server, whatever the default file system is.
 */
public final class LocalSaving {

  private LocalSaving() {}

  /** The folder, on the local file system if Spark wants that now. */
  public static String folder(String path) {
    return isOn() ? "file://" + new File(path).getAbsolutePath() : path;
  }

  /** Whether {@code MLWriter.saveToLocal} or {@code MLReader.loadFromLocal} is under way. */
  private static boolean isOn() {
    try {
      Class<?> utils = Class.forName("org.apache.spark.ml.util.ReadWriteUtils$");
      Method state = utils.getMethod("localSavingModeState");
      ThreadLocal<?> mode = (ThreadLocal<?>) state.invoke(utils.getField("MODULE$").get(null));
      return Boolean.TRUE.equals(mode.get());
    } catch (ClassNotFoundException e) {
      return false; // before 4.1
    } catch (IllegalAccessException
        | InvocationTargetException
        | NoSuchFieldException
        | NoSuchMethodException e) {
      throw new IllegalStateException(
          "This Spark version saves models to local disks in another way; use Spark 3.5 to 4.3.",
          e);
    }
  }
}
