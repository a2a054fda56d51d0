package io.sparkfocal.doctor;

import static io.sparkfocal.testing.BadInput.earlyLike;

import io.sparkfocal.plugin.EngineFailure;
import io.sparkfocal.testing.BadInput;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** Machines that cannot train. */
public final class BadEnvironment {

  private BadEnvironment() {}

  private static String classPathWithout(String part) {
    return Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
        .filter(entry -> !entry.contains(part))
        .collect(Collectors.joining(File.pathSeparator));
  }

  /** All of them. */
  public static List<BadInput> all() {
    return List.of(
        earlyLike(
            "an old C library",
            "glibc is 2\\.17; PyTorch needs at least 2\\.29: use a newer system or container\\.",
            place -> InstallationChecks.requireGlibc("glibc 2.17\n")),
        earlyLike(
            "another C library",
            "This is no system with glibc; use one, since PyTorch's libraries are built for it\\.",
            place -> InstallationChecks.requireGlibc("musl libc (x86_64)")),
        earlyLike(
            "executors with an older Java",
            "Java is 1\\.8\\.0_392; set spark\\.executorEnv\\.JAVA_HOME to a Java of at least 17\\.",
            place ->
                SparkChecks.requirePlatforms(
                    List.of("17.0.2,Linux,amd64", "1.8.0_392,Linux,amd64"), null)),
        earlyLike(
            "executors on another processor",
            "This is a processor of type aarch64; use an x86-64 machine, .*",
            place -> SparkChecks.requirePlatforms(List.of("17.0.2,Linux,aarch64"), null)),
        earlyLike(
            "another processor",
            "This is a processor of type aarch64; use an x86-64 machine, since PyTorch's libraries in the jar are built for it, or name the lib folder of an installed PyTorch 2\\.7\\.1 in PYTORCH_LIBRARY_PATH\\.",
            place -> InstallationChecks.requirePlatform("Linux", "aarch64", null)),
        earlyLike(
            "another system",
            "This is Mac OS X; use Linux, since PyTorch's libraries in the jar are built for it\\.",
            place -> InstallationChecks.requirePlatform("Mac OS X", "amd64", null)),
        earlyLike(
            "a folder of libraries without PyTorch",
            ".*/libtorch_cpu\\.so is no file that can be read; name the lib folder of an installed PyTorch 2\\.7\\.1 in PYTORCH_LIBRARY_PATH, or unset it\\.",
            place -> InstallationChecks.libraries(place.folder().toString())),
        earlyLike(
            "a file where the cache is to be",
            "PyTorch's libraries cannot be unpacked to .*/plain/cache, since .*/plain is no folder that user .+ can write; set ENGINE_CACHE_DIR to one\\.",
            place -> {
              Path file = Files.writeString(place.folder().resolve("plain"), "no folder");
              InstallationChecks.requireWritable(file.resolve("cache"));
            }),
        earlyLike(
            "no native library",
            "The PyTorch engine does not load \\(.*\\); put pytorch-jni and pytorch-native-cpu for this platform on the class path, or set PYTORCH_LIBRARY_PATH; the cache folder is .*\\.",
            place ->
                EngineFailure.provoke(
                    classPathWithout("pytorch-native"),
                    Map.of("ENGINE_CACHE_DIR", place.folder().toString(), "DJL_OFFLINE", "true"))),
        earlyLike(
            "a cache that cannot be written",
            "The PyTorch engine does not load \\(java\\.nio\\.file\\..*\\); make the cache folder one that can be written, or set ENGINE_CACHE_DIR to one; the cache folder is .*/file/cache\\.",
            place -> {
              Path file = Files.writeString(place.folder().resolve("file"), "no folder");
              EngineFailure.provoke(
                  System.getProperty("java.class.path"),
                  Map.of("ENGINE_CACHE_DIR", file.resolve("cache").toString()));
            }));
  }
}
