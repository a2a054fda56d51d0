package io.sparkfocal.doctor;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/** The native libraries that this process has mapped, by Linux's own account. */
final class LoadedLibraries {

  private static final Path MAPS = Path.of("/proc/self/maps");

  private LoadedLibraries() {}

  /**
   * Where libraries were loaded from.
   *
   * @param names how file names begin, as libc10; one that is not loaded is left out
   * @return the paths, in the order of the names
   */
  static String paths(String... names) throws IOException {
    try (var lines = Files.lines(MAPS)) {
      List<Path> files =
          lines
              .filter(line -> line.contains("/"))
              .map(line -> Path.of(line.substring(line.indexOf('/'))))
              .distinct()
              .toList();
      return Arrays.stream(names)
          .flatMap(
              name -> files.stream().filter(file -> file.getFileName().toString().contains(name)))
          .map(Path::toString)
          .collect(Collectors.joining(", "));
    }
  }
}
