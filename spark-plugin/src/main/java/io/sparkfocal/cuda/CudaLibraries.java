package io.sparkfocal.cuda;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.bytedeco.cuda.global.cudart;
import org.bytedeco.javacpp.annotation.Properties;
import org.jspecify.annotations.Nullable;

/**
 * NVIDIA's native libraries, found and loaded once per JVM.
 *
 * <p>Looks in the folders of {@code LD_LIBRARY_PATH}, in those of the NVIDIA packages beside
 * PyTorch or in a Python environment, and where Linux distributions and CUDA install them; folders
 * named by the user come first. A library that the process has loaded already (by libtorch) serves
 * by its name.
 */
public final class CudaLibraries {

  /** The driver and the CUDA runtime, which all others need. */
  public static final CudaLibraries CUDA =
      new CudaLibraries(
          "CUDA",
          "the NVIDIA driver and the CUDA runtime",
          () -> linkedBy(org.bytedeco.cuda.presets.cudart.class, "cuda", "cudart"),
          () -> cudart.cudaRuntimeGetVersion(new int[1]));

  private static final String JAVACPP_LIMIT = "org.bytedeco.javacpp.maxPhysicalBytes";

  static {
    liftJavaCppsLimit();
  }

  /**
   * To be called before JavaCPP is used: it refuses the smallest piece of memory once the process
   * takes four times the heap, and counts PyTorch's memory as its own.
   */
  static void liftJavaCppsLimit() {
    if (System.getProperty(JAVACPP_LIMIT) == null) {
      System.setProperty(JAVACPP_LIMIT, "0");
    }
  }

  private static final String SETTING = "spark.focal.nccl.library-path";
  private static final AtomicReference<String> FIRST_FOLDERS = new AtomicReference<>("");

  private static final List<String> SYSTEM_FOLDERS =
      List.of(
          "/usr/local/cuda/lib64",
          "/usr/local/cuda/targets/x86_64-linux/lib",
          "/usr/local/cuda/extras/CUPTI/lib64",
          "/usr/lib/x86_64-linux-gnu",
          "/usr/lib64",
          "/usr/local/lib");

  private final String user;
  private final String remedy;
  private final Supplier<List<String>> names;
  private final Runnable firstCall;
  private boolean tried;
  private @Nullable String failure;

  /**
   * Libraries that are used together, loaded when they are first required.
   *
   * @param user what needs them, for the sentence of a failure
   * @param remedy what to install, likewise
   * @param names of files, with their versions, in the order of loading; asked for then
   * @param firstCall a call through the Java binding, which shows that it loads too
   */
  public CudaLibraries(
      String user, String remedy, Supplier<List<String>> names, Runnable firstCall) {
    this.user = user;
    this.remedy = remedy;
    this.names = names;
    this.firstCall = firstCall;
  }

  /**
   * Loads the libraries, if this was not tried yet.
   *
   * @throws IllegalStateException if one is missing or does not load, with what was looked for
   */
  public synchronized void require() {
    if (!tried) {
      tried = true;
      failure = load();
    }
    if (failure != null) {
      throw new IllegalStateException(failure);
    }
  }

  /**
   * Names folders to look in first; has no effect on libraries that are loaded.
   *
   * @param folders separated as in a class path; may be empty
   */
  public static void lookFirstIn(String folders) {
    FIRST_FOLDERS.set(folders);
  }

  /**
   * The files that a binding is linked to, as libcudart.so.12 for {@code cudart} where the binding
   * on the class path is made for CUDA 12.
   *
   * @param presets where Bytedeco says so; its class is not initialised
   */
  public static List<String> linkedBy(Class<?> presets, String... libraries) {
    return Arrays.stream(libraries).map(library -> linkedBy(presets, library)).toList();
  }

  private static String linkedBy(Class<?> presets, String library) {
    String link =
        Arrays.stream(presets.getAnnotation(Properties.class).value())
            .flatMap(platform -> Arrays.stream(platform.link()))
            .filter(entry -> entry.startsWith(library + "@"))
            .findFirst()
            .orElseThrow(
                () -> new LinkageError(presets.getName() + " is linked to no lib" + library));
    return "lib%s.so%s".formatted(library, link.substring(library.length() + 1).replace("#", ""));
  }

  /** Null, or why they cannot be used. */
  private @Nullable String load() {
    List<Path> loaded = new ArrayList<>();
    try {
      String failure = load(names.get(), loaded);
      if (failure == null) {
        firstCall.run();
      }
      return failure;
    } catch (LinkageError e) {
      return "%s cannot be used: its Java binding does not load over %s (%s); put org.bytedeco:cuda for linux-x86_64 on the class path."
          .formatted(user, loaded, e.getMessage());
    }
  }

  private @Nullable String load(List<String> files, List<Path> loaded) {
    List<Path> folders = folders(FIRST_FOLDERS.get(), System.getenv());
    for (String name : files) {
      Path path = find(folders, name);
      if (path == null && LoadedLibraries.contains(name)) {
        continue;
      }
      if (path == null) {
        return "%s cannot be used: %s is in none of %s; install %s, or name their folders in %s."
            .formatted(user, name, folders, remedy, SETTING);
      }
      try {
        System.load(path.toAbsolutePath().toString());
        loaded.add(path);
      } catch (UnsatisfiedLinkError e) {
        return "%s cannot be used: %s does not load (%s); install %s for this machine, or name their folders in %s."
            .formatted(user, path, e.getMessage(), remedy, SETTING);
      }
    }
    return null;
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

  /** The first folder's file of that name; null if it is nowhere. */
  static @Nullable Path find(List<Path> folders, String name) {
    return folders.stream()
        .map(folder -> folder.resolve(name))
        .filter(Files::isReadable)
        .findFirst()
        .orElse(null);
  }
}
