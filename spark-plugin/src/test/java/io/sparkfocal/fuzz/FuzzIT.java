package io.sparkfocal.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkfocal.collective.rpc.FramesFuzz;
import io.sparkfocal.persist.CheckpointFuzz;
import io.sparkfocal.persist.FuzzSeeds;
import io.sparkfocal.persist.ModelFuzz;
import io.sparkfocal.persist.SafetensorsFuzz;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Readers of files and frames against inputs that Jazzer makes up, guided by coverage, in a JVM
 * with little memory: a reader that allocates what a length in its input asks for ends it.
 *
 * <p>The system properties {@code fuzz.seconds} and {@code fuzz.runs} say how long.
 */
@Timeout(1800)
class FuzzIT {

  private static final String SECONDS = System.getProperty("fuzz.seconds", "10");
  private static final String RUNS = System.getProperty("fuzz.runs", "-1");
  private static final Pattern DONE = Pattern.compile("Done (\\d+) runs");

  private static final Pattern NEEDED =
      Pattern.compile(
          "(jazzer|hadoop-client-api|jackson|netty|spark-network-common|slf4j|log4j|spark-focal|scala-library|ai/djl/api/.*)[^/]*\\.jar$");

  @TempDir Path folder;

  static Stream<Arguments> readers() {
    return Stream.of(
        Arguments.of(SafetensorsFuzz.class, new byte[][] {FuzzSeeds.safetensors()}),
        Arguments.of(CheckpointFuzz.class, new byte[][] {FuzzSeeds.checkpoint()}),
        Arguments.of(ModelFuzz.class, new byte[][] {FuzzSeeds.model()}),
        Arguments.of(FramesFuzz.class, FramesFuzz.seeds()));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("readers")
  void noInputDoesHarm(Class<?> reader, byte[][] seeds) throws Exception {
    Path corpus = Files.createDirectory(folder.resolve("corpus"));
    for (int i = 0; i < seeds.length; i++) {
      Files.write(corpus.resolve("seed" + i), seeds[i]);
    }
    Path log = folder.resolve("log");
    Process jazzer = start(reader, corpus, log);
    assertThat(jazzer.waitFor(25, TimeUnit.MINUTES)).isTrue();
    String output = Files.readString(log);
    assertThat(jazzer.exitValue()).as(output).isZero();
    assertThat(DONE.matcher(output).results().mapToLong(m -> Long.parseLong(m.group(1))).sum())
        .as(output)
        .isGreaterThan(1000);
  }

  /** What the readers need: Jazzer looks through all of it first. */
  private static String classPath() {
    return Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
        .filter(entry -> Files.isDirectory(Path.of(entry)) || NEEDED.matcher(entry).find())
        .collect(Collectors.joining(File.pathSeparator));
  }

  private Process start(Class<?> reader, Path corpus, Path log) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-Xmx400m");
    command.add("-cp");
    command.add(classPath());
    command.add("com.code_intelligence.jazzer.Jazzer");
    command.add("--target_class=" + reader.getName());
    command.add("--instrumentation_includes=io.sparkfocal.**");
    command.add("--reproducer_path=" + folder);
    command.add("-artifact_prefix=" + folder + "/");
    command.add("-max_total_time=" + SECONDS);
    command.add("-runs=" + RUNS);
    command.add("-seed=1");
    command.add("-max_len=2048");
    command.add(corpus.toString());
    return new ProcessBuilder(command)
        .redirectErrorStream(true)
        .redirectOutput(log.toFile())
        .start();
  }
}
