package io.sparkfocal.losses;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.IntFunction;
import java.util.stream.Collectors;

/**
 * Tells whether a loss can be trusted in training, by trying it.
 *
 * <pre>{@code
 * LossContract.verify(new MyLoss()).requirePassed();
 * }</pre>
 *
 * <p>The checks: logits, labels and sample weights are only read; gradients are the slopes of the
 * values; nothing overflows or cancels at extreme logits; batches may be empty, of one row, or cut
 * in parts; results follow the logits' device and data type and leave nothing behind; nothing
 * travels between host and device; shifts of the logits and the order of rows and classes do not
 * matter. What a loss declares by its {@link LossTrait}s is left out.
 */
public final class LossContract {

  /** Class numbers that a loss is tried with. */
  private static final int[] CLASSES = {2, 5};

  private static final Map<String, Consumer<LossTrial>> CHECKS = checks();

  private static Map<String, Consumer<LossTrial>> checks() {
    Map<String, Consumer<LossTrial>> checks = new LinkedHashMap<>();
    checks.put("inputs kept", InputChecks::inputsAreKept);
    checks.put("differentiable", NumericChecks::differentiable);
    checks.put("stable", NumericChecks::stable);
    checks.put("batch compatible", BatchChecks::batchCompatible);
    checks.put("ignored rows and class axis", BatchChecks::ignoredRows);
    checks.put("device consistent", BatchChecks::deviceConsistent);
    checks.put("free of host reads", BatchChecks::noHostReads);
    checks.put("invariant", BatchChecks::invariant);
    return checks;
  }

  /**
   * What came of one check.
   *
   * @param check its name
   * @param failure what failed, on which input; empty if it passed
   */
  public record Finding(String check, String failure) {

    /** Whether it passed. */
    public boolean passed() {
      return failure.isEmpty();
    }

    @Override
    public String toString() {
      return passed() ? "ok    " + check : "FAIL  " + check + ": " + failure;
    }
  }

  /**
   * What came of all checks.
   *
   * @param findings in the order of the checks
   */
  public record Report(List<Finding> findings) {

    /** Whether all passed. */
    public boolean passed() {
      return findings.stream().allMatch(Finding::passed);
    }

    /**
     * Fails unless all passed.
     *
     * @throws IllegalStateException with what failed
     */
    public void requirePassed() {
      if (!passed()) {
        throw new IllegalStateException(
            findings.stream()
                .filter(finding -> !finding.passed())
                .map(Finding::toString)
                .collect(Collectors.joining("\n")));
      }
    }

    @Override
    public String toString() {
      return findings.stream().map(Finding::toString).collect(Collectors.joining("\n"));
    }
  }

  private LossContract() {}

  /** Tries a loss that takes any number of classes. */
  public static Report verify(ClassificationLoss loss) {
    return verify(classes -> loss);
  }

  /**
   * Tries a loss of a fixed number of classes.
   *
   * @param classes how many
   */
  public static Report verify(ClassificationLoss loss, int classes) {
    return verify(wanted -> loss, classes);
  }

  /**
   * Tries a loss that is made for a number of classes.
   *
   * @param loss makes it for 2 and for 5 classes
   */
  public static Report verify(IntFunction<ClassificationLoss> loss) {
    return verify(loss, CLASSES);
  }

  private static Report verify(IntFunction<ClassificationLoss> loss, int... classes) {
    List<Finding> findings = new ArrayList<>();
    CHECKS.forEach(
        (name, check) -> {
          String failure = "";
          for (int c : classes) {
            failure = failure.isEmpty() ? tried(check, loss.apply(c), c) : failure;
          }
          findings.add(new Finding(name, failure));
        });
    return new Report(findings);
  }

  private static String tried(Consumer<LossTrial> check, ClassificationLoss loss, int classes) {
    try (LossTrial trial = new LossTrial(loss, classes)) {
      check.accept(trial);
      return "";
    } catch (ContractViolation e) {
      return String.valueOf(e.getMessage());
    } catch (RuntimeException | LinkageError e) {
      return "%s, with %s classes".formatted(e, classes);
    }
  }

  /** A check that failed, with its input. */
  static final class ContractViolation extends RuntimeException {

    private static final long serialVersionUID = 1L;

    ContractViolation(String message) {
      super(message);
    }
  }
}
