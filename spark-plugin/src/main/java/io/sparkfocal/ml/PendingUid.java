package io.sparkfocal.ml;

/**
 * The uid of an object whose own constructor has not run yet.
 *
 * <p>Constructors of Spark's classes make the params of these, each of which asks its owner for the
 * uid, before a field of a subclass in Java is set.
 *
 * @param value the uid
 */
record PendingUid(String value) {

  private static final ThreadLocal<String> UID = new ThreadLocal<>();

  /** Keeps it for the constructors that this thread calls next. */
  static PendingUid of(String uid) {
    UID.set(uid);
    return new PendingUid(uid);
  }

  /** The last of this thread. */
  static String get() {
    return UID.get();
  }
}
