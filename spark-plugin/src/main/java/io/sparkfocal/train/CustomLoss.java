package io.sparkfocal.train;

import io.sparkfocal.losses.ClassificationLoss;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;

/** A loss of the user's own, by the name of its class. */
final class CustomLoss {

  private CustomLoss() {}

  /**
   * Makes one.
   *
   * @param counts training rows of each class
   * @throws IllegalArgumentException if the class cannot be used
   */
  static ClassificationLoss of(String name, long[] counts) {
    ClassLoader context = Thread.currentThread().getContextClassLoader();
    try {
      Class<? extends ClassificationLoss> type =
          Class.forName(name, true, context).asSubclass(ClassificationLoss.class);
      for (Constructor<?> constructor : type.getConstructors()) {
        if (constructor.getParameterCount() == 1
            && constructor.getParameterTypes()[0] == long[].class) {
          return (ClassificationLoss) constructor.newInstance((Object) counts);
        }
      }
      return type.getConstructor().newInstance();
    } catch (InvocationTargetException e) {
      throw new IllegalArgumentException(
          "Loss class \"%s\" cannot be made: its constructor says \"%s\"."
              .formatted(name, e.getTargetException().getMessage()),
          e);
    } catch (ReflectiveOperationException | ClassCastException | LinkageError e) {
      throw new IllegalArgumentException(
          "Loss class \"%s\" cannot be used (%s); it must be public, implement %s, have a public constructor without arguments or with long[] class counts, and be in a jar on every executor."
              .formatted(name, e, ClassificationLoss.class.getName()),
          e);
    }
  }
}
