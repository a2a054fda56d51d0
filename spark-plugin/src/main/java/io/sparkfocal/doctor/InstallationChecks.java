package io.sparkfocal.doctor;

import ai.djl.util.Utils;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * What can be known without starting PyTorch: JVM, platform, C library, the files of PyTorch. It
 * loads no native library and asks no GPU, so it may run beside a training.
 */
final class InstallationChecks {

  private static final int LEAST_JAVA = 17;
  private static final int LEAST_GLIBC_MAJOR = 2;
  private static final int LEAST_GLIBC_MINOR = 29;
  private static final String LIBRARY_PATH = "PYTORCH_LIBRARY_PATH";
  private static final String TORCH = "libtorch_cpu.so";

  private InstallationChecks() {}

  /** What PyTorch needs of the machine. */
  static void platform(Report report) {
    report.check("JVM", InstallationChecks::java);
    report.check(
        "platform",
        () ->
            requirePlatform(
                System.getProperty("os.name"),
                System.getProperty("os.arch"),
                Utils.getEnvOrSystemProperty(LIBRARY_PATH)));
    report.check("glibc", InstallationChecks::glibc);
  }

  /** Where PyTorch will be loaded from. */
  static void files(Report report) {
    report.check("libraries", () -> libraries(Utils.getEnvOrSystemProperty(LIBRARY_PATH)));
    report.check("cache folder", () -> requireWritable(Utils.getEngineCacheDir()));
  }

  private static String java() {
    requireJava(System.getProperty("java.version"), "JAVA_HOME");
    return "%s, %s, %s"
        .formatted(
            Runtime.version(), System.getProperty("java.vendor"), System.getProperty("java.home"));
  }

  /**
   * Requires a Java that can load our classes.
   *
   * @param version as the property java.version has it
   * @param setting where to name another
   */
  static void requireJava(String version, String setting) {
    String feature = version.replaceFirst("^1\\.", "").split("\\D", -1)[0];
    if (Integer.parseInt(feature) < LEAST_JAVA) {
      throw new IllegalStateException(
          "Java is %s; set %s to a Java of at least %s.".formatted(version, setting, LEAST_JAVA));
    }
  }

  /**
   * The platform in words.
   *
   * @param libraries folder of a PyTorch of the user's own; null for the one of the class path
   */
  static String requirePlatform(String system, String architecture, @Nullable String libraries) {
    if (!system.equals("Linux")) {
      throw new IllegalStateException(
          "This is %s; use Linux, since PyTorch's libraries in the jar are built for it."
              .formatted(system));
    }
    if (!architecture.equals("amd64") && libraries == null) {
      throw new IllegalStateException(
          "This is a processor of type %s; use an x86-64 machine, since PyTorch's libraries in the jar are built for it, or name the lib folder of an installed PyTorch 2.7.1 in PYTORCH_LIBRARY_PATH."
              .formatted(architecture));
    }
    return system + ", " + architecture;
  }

  private static String glibc() throws IOException, InterruptedException {
    Process process = new ProcessBuilder("getconf", "GNU_LIBC_VERSION").start();
    String answer = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    process.waitFor(10, TimeUnit.SECONDS);
    return requireGlibc(answer);
  }

  /** The version in what getconf says. */
  static String requireGlibc(String answer) {
    String version = answer.strip().replaceFirst("^glibc ", "");
    if (!version.matches("\\d{1,6}\\.\\d{1,6}(\\D.*)?")) {
      throw new IllegalStateException(
          "This is no system with glibc; use one, since PyTorch's libraries are built for it.");
    }
    String[] numbers = version.split("\\D", -1);
    int major = Integer.parseInt(numbers[0]);
    int minor = Integer.parseInt(numbers[1]);
    if (major < LEAST_GLIBC_MAJOR || (major == LEAST_GLIBC_MAJOR && minor < LEAST_GLIBC_MINOR)) {
      throw new IllegalStateException(
          "glibc is %s; PyTorch needs at least %s.%s: use a newer system or container."
              .formatted(version, LEAST_GLIBC_MAJOR, LEAST_GLIBC_MINOR));
    }
    return version;
  }

  /** Where PyTorch's libraries lie. */
  static String libraries(@Nullable String folder) {
    if (folder != null) {
      Path library = Path.of(folder, TORCH);
      if (!Files.isReadable(library)) {
        throw new IllegalStateException(
            "%s is no file that can be read; name the lib folder of an installed PyTorch 2.7.1 in PYTORCH_LIBRARY_PATH, or unset it."
                .formatted(library));
      }
      return library.toString();
    }
    for (String name :
        new String[] {
          "pytorch/cpu/linux-x86_64/" + TORCH, "jnilib/linux-x86_64/cpu/libdjl_torch.so"
        }) {
      if (InstallationChecks.class.getClassLoader().getResource(name) == null) {
        throw new IllegalStateException(
            "%s is not in the class path; put pytorch-jni and pytorch-native-cpu there, as in the plugin's -all.jar, or set PYTORCH_LIBRARY_PATH."
                .formatted(name));
      }
    }
    return "in the class path";
  }

  /** Creates nothing: a folder that is not there yet needs a parent that can be written. */
  static String requireWritable(Path folder) {
    Path there = folder.toAbsolutePath();
    while (there.getParent() != null && !Files.exists(there)) {
      there = there.getParent();
    }
    if (!Files.isDirectory(there) || !Files.isWritable(there)) {
      throw new IllegalStateException(
          "PyTorch's libraries cannot be unpacked to %s, since %s is no folder that user %s can write; set ENGINE_CACHE_DIR to one."
              .formatted(folder, there, System.getProperty("user.name")));
    }
    return folder.toString();
  }
}
