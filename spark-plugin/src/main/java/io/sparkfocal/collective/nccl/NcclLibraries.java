package io.sparkfocal.collective.nccl;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import org.bytedeco.cuda.global.cudart;
import org.bytedeco.cuda.global.nccl;
import org.jspecify.annotations.Nullable;

/**
 * The native libraries that NCCL's binding needs, found and loaded once per JVM: libcuda, libcudart
 * and libnccl.
 *
 * <p>Looks in the folders of {@code LD_LIBRARY_PATH}, in those of the NVIDIA packages beside
 * PyTorch or in a Python environment, and where Linux distributions and CUDA install them; folders
 * named by the user come first. A library that the process has loaded already (by libtorch) serves
 * by its name.
 */
public final class NcclLibraries {

  private static final String SETTING = "spark.focal.nccl.library-path";
  private static final AtomicReference<String> FIRST_FOLDERS = new AtomicReference<>("");

  private static final List<String> NAMES =
      List.of("libcuda.so.1", "libcudart.so.12", "libnccl.so.2");
  private static final List<String> SYSTEM_FOLDERS =
      List.of(
          "/usr/local/cuda/lib64",
          "/usr/local/cuda/targets/x86_64-linux/lib",
          "/usr/lib/x86_64-linux-gnu",
          "/usr/lib64",
          "/usr/local/lib");

  private NcclLibraries() {}

  /**
   * Names folders to look in first; has no effect once the libraries were looked for.
   *
   * @param folders separated as in a class path; may be empty
   */
  public static void lookFirstIn(String folders) {
    FIRST_FOLDERS.set(folders);
  }

  /**
   * Loads the libraries, if this JVM has not yet.
   *
   * @return where each was loaded from, by name
   * @throws IllegalStateException if one is missing or does not load, with what was looked for
   */
  public static Map<String, Path> require() {
    String failure = Loaded.FAILURE;
    if (failure != null) {
      throw new IllegalStateException(failure);
    }
    return Loaded.PATHS;
  }

  /**
   * Version of the loaded NCCL, as 2.27.3.
   *
   * @throws IllegalStateException as for {@link #require}
   */
  public static String version() {
    require();
    return dotted(Communicator.version());
  }

  /**
   * Version of the CUDA runtime, and the newest one that the driver runs, as 12.8.
   *
   * @throws IllegalStateException as for {@link #require}
   */
  public static String cudaVersions() {
    require();
    int[] runtime = new int[1];
    int[] driver = new int[1];
    cudart.cudaRuntimeGetVersion(runtime);
    cudart.cudaDriverGetVersion(driver);
    return "runtime %s, driver for up to %s".formatted(cuda(runtime[0]), cuda(driver[0]));
  }

  private static String cuda(int version) {
    return "%d.%d".formatted(version / 1000, version % 1000 / 10);
  }

  static String dotted(int version) {
    return "%d.%d.%d".formatted(version / 10_000, version / 100 % 100, version % 100);
  }

  /** The folders that are looked in, in their order. */
  static List<Path> folders(@Nullable String configured, Map<String, String> environment) {
    Set<Path> folders = new LinkedHashSet<>();
    addAll(folders, configured);
    addAll(folders, environment.get("LD_LIBRARY_PATH"));
    String pytorch = environment.get("PYTORCH_LIBRARY_PATH");
    if (pytorch != null) {
      // site-packages/torch/lib, beside site-packages/nvidia
      folders.addAll(libraryFolders(Path.of(pytorch).resolve("../../nvidia").normalize()));
    }
    String python = environment.getOrDefault("VIRTUAL_ENV", environment.get("CONDA_PREFIX"));
    if (python != null) {
      folders.addAll(nvidiaPackages(Path.of(python, "lib")));
    }
    folders.addAll(nvidiaPackages(Path.of("/usr/local/lib")));
    SYSTEM_FOLDERS.forEach(folder -> folders.add(Path.of(folder)));
    return List.copyOf(folders);
  }

  private static void addAll(Set<Path> folders, @Nullable String list) {
    if (list != null) {
      Arrays.stream(list.split(File.pathSeparator))
          .filter(entry -> !entry.isBlank())
          .map(Path::of)
          .forEach(folders::add);
    }
  }

  /** {@code lib/python3.x/site-packages/nvidia/nccl/lib} and the like. */
  private static List<Path> nvidiaPackages(Path lib) {
    List<Path> folders = new ArrayList<>();
    for (File python : children(lib.toFile())) {
      if (python.getName().startsWith("python3")) {
        for (String packages : new String[] {"site-packages", "dist-packages"}) {
          folders.addAll(libraryFolders(python.toPath().resolve(packages).resolve("nvidia")));
        }
      }
    }
    return folders;
  }

  private static List<Path> libraryFolders(Path nvidia) {
    return children(nvidia.toFile()).stream()
        .map(library -> library.toPath().resolve("lib"))
        .toList();
  }

  private static List<File> children(File folder) {
    File[] files = folder.listFiles(File::isDirectory);
    return files == null ? List.of() : Arrays.stream(files).sorted().toList();
  }

  /** The first folder's file of each name; null for a name that is nowhere. */
  static Map<String, @Nullable Path> find(List<Path> folders) {
    Map<String, @Nullable Path> found = new LinkedHashMap<>();
    for (String name : NAMES) {
      found.put(
          name,
          folders.stream()
              .map(folder -> folder.resolve(name))
              .filter(Files::isReadable)
              .findFirst()
              .orElse(null));
    }
    return found;
  }

  /** Initialised by the JVM, once and under its lock. */
  private static final class Loaded {

    static final Map<String, Path> PATHS = new LinkedHashMap<>();
    static final @Nullable String FAILURE = load();

    private static @Nullable String load() {
      List<Path> folders = folders(FIRST_FOLDERS.get(), System.getenv());
      for (Map.Entry<String, @Nullable Path> library : find(folders).entrySet()) {
        Path path = library.getValue();
        if (path == null) {
          return "NCCL cannot be used: %s is in none of %s; install NCCL 2 and the CUDA 12 runtime, or name their folders in %s."
              .formatted(library.getKey(), folders, SETTING);
        }
        try {
          System.load(path.toAbsolutePath().toString());
          PATHS.put(library.getKey(), path);
        } catch (UnsatisfiedLinkError e) {
          return "NCCL cannot be used: %s does not load (%s); install NCCL 2 and the CUDA 12 runtime for this machine, or name their folders in %s."
              .formatted(path, e.getMessage(), SETTING);
        }
      }
      try {
        nccl.ncclGetVersion(new int[1]);
        return null;
      } catch (LinkageError e) {
        return "NCCL cannot be used: its Java binding does not load over %s (%s); put org.bytedeco:cuda for linux-x86_64 on the class path."
            .formatted(PATHS, e.getMessage());
      }
    }
  }
}
