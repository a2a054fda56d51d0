package io.sparkfocal.job;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The discovery script of {@code conf/} names the GPUs as {@link RankDevice} finds them. */
@Timeout(60)
class GpuDiscoveryTest {

  @TempDir Path bin;

  private Process script(String visible) throws Exception {
    Path fake = Files.writeString(bin.resolve("nvidia-smi"), "#!/bin/sh\necho 0\necho 1\necho 2\n");
    assertThat(fake.toFile().setExecutable(true)).isTrue();
    ProcessBuilder builder =
        new ProcessBuilder("bash", Path.of("..", "conf", "gpu-discovery.sh").toString())
            .redirectErrorStream(true);
    builder.environment().put("PATH", bin + ":" + System.getenv("PATH"));
    builder.environment().put("CUDA_VISIBLE_DEVICES", visible);
    return builder.start();
  }

  private static String output(Process process) throws Exception {
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
    return output;
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "''|0 1 2",
        "' '|0 1 2",
        "1,2|1 2",
        "' 2 , 0'|2 0",
        "GPU-8932f937,MIG-a/1/0|GPU-8932f937 MIG-a/1/0",
        "1,-1,2|1",
        "-1|''"
      })
  void theScriptPrintsWhatTheVariableNames(String visible, String addresses) throws Exception {
    JsonNode json = new ObjectMapper().readTree(output(script(visible)));
    assertThat(json.path("name").asText()).isEqualTo("gpu");
    List<String> printed = new ArrayList<>();
    json.path("addresses").forEach(address -> printed.add(address.asText()));
    assertThat(String.join(" ", printed)).isEqualTo(addresses);
    for (int i = 0; i < printed.size(); i++) {
      assertThat(RankDevice.number(printed.get(i), visible)).isEqualTo(i);
    }
  }

  @Test
  void whatIsNoListOfGpusIsRefused() throws Exception {
    Process process = script("\"0\"");
    assertThat(output(process))
        .isEqualTo(
            "CUDA_VISIBLE_DEVICES is \"0\"; write indexes or UUIDs of GPUs, separated by commas.\n");
    assertThat(process.exitValue()).isEqualTo(1);
  }
}
