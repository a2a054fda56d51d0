package io.sparkfocal.cuda;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/** The native libraries that this process has mapped, by Linux's own account. */
public final class LoadedLibraries {

  private static final Path MAPS = Path.of("/proc/self/maps");

  private LoadedLibraries() {}

  /**
   * Where libraries were loaded from.
   *
   * @param names what file names contain, as libc10; one that is not loaded is left out
   * @return the paths, in the order of the names
   */
  public static String paths(String... names) throws IOException {
    List<Path> files = files();
    return Arrays.stream(names)
        .flatMap(
            name -> files.stream().filter(file -> file.getFileName().toString().contains(name)))
        .map(Path::toString)
        .collect(Collectors.joining(", "));
  }

  /**
   * Whether a file of that name, or of a longer version as links have it, is loaded, wherever it
   * lies; false where Linux does not tell.
   */
  static boolean contains(String name) {
    try {
      return files().stream()
          .map(file -> file.getFileName().toString())
          .anyMatch(file -> file.equals(name) || file.startsWith(name + "."));
    } catch (IOException e) {
      return false;
    }
  }

  private static List<Path> files() throws IOException {
    try (var lines = Files.lines(MAPS)) {
      return lines
          .filter(line -> line.contains("/"))
          .map(line -> Path.of(line.substring(line.indexOf('/'))))
          .distinct()
          .toList();
    }
  }
}
