package io.sparkfocal.losses;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDArray;
import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.AccessTarget.MethodCallTarget;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaMethodCall;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ArchitectureTest {

  private static final Set<String> TRIAL =
      Set.of("InputChecks", "LossTrial", "NumericChecks", "BatchChecks");
  private static final Set<String> BLOCKING = Set.of("clip", "booleanMask", "contentEquals");

  private final JavaClasses classes =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages("io.sparkfocal.losses");

  @Test
  void onlyDjlIsUsedAndItsPyTorchEngineInOnePlace() {
    assertThat(classes.contain(FocalLoss.class)).isTrue();
    noClasses()
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("org.apache.spark..", "scala..", "io.sparkfocal.collective..")
        .check(classes);
    noClasses()
        .that()
        .doNotHaveFullyQualifiedName(Autograd.class.getName())
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("ai.djl.pytorch..")
        .check(classes);
  }

  @Test
  void nothingCrossesBetweenHostAndDeviceInAStep() {
    noClasses()
        .that(DescribedPredicate.describe("compute", ArchitectureTest::computes))
        .should()
        .callMethodWhere(
            DescribedPredicate.describe(
                "an NDArray is read, clipped, masked or combined with a host number",
                ArchitectureTest::crosses))
        .check(classes);
  }

  /** All but the classes that try a loss, which read what it computed. */
  private static boolean computes(JavaClass type) {
    return !TRIAL.contains(type.getSimpleName());
  }

  private static boolean crosses(JavaMethodCall call) {
    MethodCallTarget target = call.getTarget();
    if (!target.getOwner().isAssignableTo(NDArray.class)) {
      return false;
    }
    boolean scalar = target.getName().startsWith("get") && target.getRawReturnType().isPrimitive();
    boolean array =
        target.getName().startsWith("to") && target.getRawReturnType().getName().startsWith("[");
    boolean number =
        target.getRawParameterTypes().stream().anyMatch(type -> type.isEquivalentTo(Number.class));
    return scalar || array || number || BLOCKING.contains(target.getName());
  }
}
