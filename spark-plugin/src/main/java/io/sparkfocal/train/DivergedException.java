package io.sparkfocal.train;

/**
 * The loss or a weight stopped being finite, or ranks have other weights than others: trained
 * again, it would happen again.
 */
public final class DivergedException extends IllegalStateException {

  private static final long serialVersionUID = 1L;

  /** One sentence that says where and what to change. */
  public DivergedException(String message) {
    super(message);
  }
}
