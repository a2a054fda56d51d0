package io.sparkfocal;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.AccessTarget.CodeUnitCallTarget;
import com.tngtech.archunit.core.domain.JavaCall;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import io.sparkfocal.ml.FocalLossClassifier;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Which room may know which other, and what may not be called from one jar for two Spark versions.
 */
class ArchitectureTest {

  private static final String SPARK = "org.apache.spark..";
  private static final Pattern SETTING =
      Pattern.compile("spark\\.focal(\\.[a-zA-Z0-9]+(-[a-zA-Z0-9]+)*)+");

  /** Names a job, and is no setting. */
  private static final String JOB_PROPERTY = "spark.focal.attempt";

  private final JavaClasses classes =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages("io.sparkfocal");

  @Test
  void roomsKnowOnlyTheRoomsBelowThem() {
    assertThat(classes.contain(FocalLossClassifier.class)).isTrue();
    layeredArchitecture()
        .consideringOnlyDependenciesInLayers()
        .layer("doctor")
        .definedBy("io.sparkfocal.doctor..")
        .layer("ml")
        .definedBy("io.sparkfocal.ml..")
        .layer("export")
        .definedBy("io.sparkfocal.export..")
        .layer("job")
        .definedBy("io.sparkfocal.job..")
        .layer("blocks")
        .definedBy("io.sparkfocal.blocks..")
        .layer("plugin")
        .definedBy("io.sparkfocal.plugin..")
        .layer("calibration")
        .definedBy("io.sparkfocal.calibration..")
        .layer("persist")
        .definedBy("io.sparkfocal.persist..")
        .layer("data")
        .definedBy("io.sparkfocal.data..")
        .layer("train")
        .definedBy("io.sparkfocal.train..")
        .layer("network")
        .definedBy("io.sparkfocal.network..")
        .layer("collective")
        .definedBy("io.sparkfocal.collective..")
        .layer("cuda")
        .definedBy("io.sparkfocal.cuda..")
        .layer("compat")
        .definedBy("io.sparkfocal.compat..")
        .layer("losses")
        .definedBy("io.sparkfocal.losses..")
        .whereLayer("doctor")
        .mayNotBeAccessedByAnyLayer()
        .whereLayer("ml")
        .mayOnlyBeAccessedByLayers("doctor")
        .whereLayer("export")
        .mayOnlyBeAccessedByLayers("ml")
        .whereLayer("job")
        .mayOnlyBeAccessedByLayers("ml")
        .whereLayer("blocks")
        .mayOnlyBeAccessedByLayers("ml", "job")
        .whereLayer("plugin")
        .mayOnlyBeAccessedByLayers("doctor", "ml", "job", "blocks")
        .whereLayer("persist")
        .mayOnlyBeAccessedByLayers("ml", "job", "export")
        .whereLayer("data")
        .mayOnlyBeAccessedByLayers("ml", "job", "blocks", "persist", "export")
        .whereLayer("train")
        .mayOnlyBeAccessedByLayers(
            "doctor", "ml", "job", "blocks", "plugin", "persist", "data", "export")
        .whereLayer("calibration")
        .mayOnlyBeAccessedByLayers("ml", "job", "persist", "train", "export")
        .whereLayer("network")
        .mayOnlyBeAccessedByLayers("ml", "job", "persist", "data", "train", "export")
        .whereLayer("collective")
        .mayOnlyBeAccessedByLayers("doctor", "job", "data", "train", "network")
        .whereLayer("cuda")
        .mayOnlyBeAccessedByLayers("doctor", "job", "data", "train", "collective")
        .check(classes);
  }

  @Test
  void packagesHaveNoCycles() {
    slices().matching("io.sparkfocal.(*)..").should().beFreeOfCycles().check(classes);
  }

  @Test
  void trainingKnowsNothingOfSpark() {
    noClasses()
        .that()
        .resideInAnyPackage(
            "io.sparkfocal.train..",
            "io.sparkfocal.network..",
            "io.sparkfocal.losses..",
            "io.sparkfocal.collective",
            "io.sparkfocal.collective.local..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(SPARK, "scala..")
        .check(classes);
  }

  @Test
  void reflectionIsOnlyInCompat() {
    // Networks and losses of the user's own are made by their names.
    noClasses()
        .that()
        .resideOutsideOfPackages("io.sparkfocal.compat..", "io.sparkfocal.losses..")
        .and()
        .doNotHaveSimpleName("NetworkDescription")
        .and()
        .doNotHaveSimpleName("CustomLoss")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("java.lang.reflect..")
        .check(classes);
  }

  @Test
  void noCallNamesAScalaCollection() {
    classes()
        .should(
            callNothingThat(
                "takes or returns a Scala collection, or is in scala.jdk",
                call ->
                    call.getTargetOwner().getPackageName().startsWith("scala.jdk")
                        || signature(call.getTarget())
                            .anyMatch(ArchitectureTest::isScalaCollection)))
        .check(classes);
  }

  private static Stream<JavaClass> signature(CodeUnitCallTarget target) {
    return Stream.concat(
        Stream.of(target.getRawReturnType()), target.getRawParameterTypes().stream());
  }

  private static boolean isScalaCollection(JavaClass type) {
    // Iterator is the same type in Scala 2.12 and 2.13; Seq, Map and their builders are not.
    return type.getPackageName().startsWith("scala.collection")
        && !type.getName().equals("scala.collection.Iterator");
  }

  /** Of the classes of this project: their calls into others. */
  private static ArchCondition<JavaClass> callNothingThat(
      String what, java.util.function.Predicate<JavaCall<?>> forbidden) {
    return new ArchCondition<>("call nothing that " + what) {
      @Override
      public void check(JavaClass origin, ConditionEvents events) {
        Stream.<JavaCall<?>>concat(
                origin.getMethodCallsFromSelf().stream(),
                origin.getConstructorCallsFromSelf().stream())
            .filter(call -> !call.getTargetOwner().getPackageName().startsWith("io.sparkfocal"))
            .filter(forbidden)
            .forEach(
                call -> events.add(SimpleConditionEvent.violated(call, call.getDescription())));
      }
    };
  }

  @Test
  void djlsOwnTrainingIsNotUsed() {
    noClasses()
        .should()
        .dependOnClassesThat(
            DescribedPredicate.describe(
                "are DJL's trainer, gradient collector or batch norm",
                type ->
                    type.getName().equals("ai.djl.training.Trainer")
                        || type.getName().equals("ai.djl.training.GradientCollector")
                        || type.getName().equals("ai.djl.nn.norm.BatchNorm")))
        .check(classes);
  }

  @Test
  void noProductionClassKnowsOfTests() {
    noClasses()
        .should()
        .haveSimpleNameContaining("Test")
        .orShould()
        .haveSimpleNameContaining("StandIn")
        .check(classes);
    assertThat(namedSettings(classes))
        .isNotEmpty()
        .noneMatch(setting -> setting.startsWith("spark.focal.test"));
  }

  @Test
  void everySettingThatIsReadIsDocumented() throws IOException {
    String documentation = documentation();
    assertThat(namedSettings(classes))
        .contains("spark.focal.collective")
        .allMatch(
            setting ->
                setting.equals(JOB_PROPERTY)
                    || documentation.contains("`" + setting + "`")
                    // Those of Spark's transport, as spark.shuffle.io.* are.
                    || documentation.contains("`" + setting.replaceFirst("[^.]+$", "*") + "`"));
  }

  /** Names of settings in the constants of classes, where they do not end a sentence. */
  private static Set<String> namedSettings(JavaClasses classes) {
    Set<String> names = new TreeSet<>();
    for (JavaClass type : classes) {
      URI file = type.getSource().orElseThrow().getUri();
      try (InputStream in = file.toURL().openStream()) {
        SETTING
            .matcher(new String(in.readAllBytes(), StandardCharsets.ISO_8859_1))
            .results()
            .forEach(found -> names.add(found.group()));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    return names;
  }

  private static String documentation() throws IOException {
    StringBuilder all = new StringBuilder(Files.readString(Path.of("..", "README.md")));
    try (DirectoryStream<Path> pages = Files.newDirectoryStream(Path.of("..", "docs"), "*.md")) {
      for (Path page : pages) {
        all.append(Files.readString(page));
      }
    }
    return all.toString();
  }

  /** A number is written with digits of the locale by these conversions, and by no others. */
  private static final Pattern LOCALIZED =
      Pattern.compile("\"[^\"\\n]*%(\\d+\\$)?[-#+ 0,(]*\\d*(\\.\\d+)?[dfeEgG][^\"\\n]*\"");

  @Test
  void textsDoNotDependOnTheLocale() throws IOException {
    noClasses()
        .should()
        .callMethod(String.class, "format", String.class, Object[].class)
        .orShould()
        .callMethod(PrintStream.class, "printf", String.class, Object[].class)
        .check(classes);
    List<String> localized = new ArrayList<>();
    for (String module : List.of("losses", "spark-plugin", "examples", "benchmarks")) {
      try (Stream<Path> files = Files.walk(Path.of("..", module, "src", "main", "java"))) {
        for (Path file : files.filter(f -> f.toString().endsWith(".java")).toList()) {
          String text = Files.readString(file);
          LOCALIZED
              .matcher(text)
              .results()
              .filter(literal -> !beginOfStatement(text, literal.start()).contains("Locale.ROOT"))
              .forEach(literal -> localized.add(file.getFileName() + ": " + literal.group()));
        }
      }
    }
    assertThat(localized).isEmpty();
  }

  private static String beginOfStatement(String text, int end) {
    int begin = Math.max(text.lastIndexOf(";\n", end), text.lastIndexOf("{\n", end));
    return text.substring(Math.max(0, begin), end);
  }
}
