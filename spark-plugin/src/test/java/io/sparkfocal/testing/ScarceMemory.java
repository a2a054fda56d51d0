package io.sparkfocal.testing;

import ai.djl.engine.EngineException;
import ai.djl.ndarray.NDManager;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.concurrent.atomic.AtomicInteger;

/** A manager whose memory does not suffice for some of the arrays that it is asked for. */
public final class ScarceMemory {

  private final NDManager real;
  private final AtomicInteger failures;

  /** As the real one, which fails so many times at first. */
  public ScarceMemory(NDManager real, int failures) {
    this.real = real;
    this.failures = new AtomicInteger(failures);
  }

  /** The manager; those below it have as little memory. */
  public NDManager manager() {
    return over(real);
  }

  private NDManager over(NDManager manager) {
    return (NDManager)
        Proxy.newProxyInstance(
            NDManager.class.getClassLoader(),
            new Class<?>[] {NDManager.class},
            (proxy, method, arguments) -> {
              if (method.getName().equals("create") && failures.getAndDecrement() > 0) {
                throw new EngineException("CUDA out of memory. Tried to allocate 2.00 GiB");
              }
              try {
                Object result = method.invoke(manager, arguments);
                return method.getName().equals("newSubManager") ? over((NDManager) result) : result;
              } catch (InvocationTargetException e) {
                throw e.getTargetException();
              }
            });
  }
}
