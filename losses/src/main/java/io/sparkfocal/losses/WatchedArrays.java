package io.sparkfocal.losses;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.internal.NDArrayEx;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.Set;

/**
 * Arrays that note every operation which reads them back to the host, or which brings a number from
 * the host to the device.
 */
final class WatchedArrays {

  private static final Set<String> READS =
      Set.of(
          "getBoolean",
          "getByte",
          "getDouble",
          "getFloat",
          "getInt",
          "getLong",
          "getUint8",
          "getString",
          "toByteBuffer",
          "toArray",
          "clip",
          "booleanMask",
          "nonzero",
          "contentEquals",
          "allClose",
          "encode");

  private final Set<String> crossings = new LinkedHashSet<>();
  private boolean prepared;

  /** What crossed between host and device, in the order of the first time. */
  Set<String> crossings() {
    return crossings;
  }

  /** From now on, a new array from numbers of the host is a crossing too. */
  void prepared() {
    prepared = true;
  }

  NDArray watch(NDArray array) {
    return (NDArray) proxy(array, NDArray.class);
  }

  NDManager watch(NDManager manager) {
    return (NDManager) proxy(manager, NDManager.class);
  }

  private Object proxy(Object target, Class<?> type) {
    return Proxy.newProxyInstance(
        WatchedArrays.class.getClassLoader(), new Class<?>[] {type}, new Watch(target));
  }

  /** Passes calls on, on what is watched. */
  private final class Watch implements InvocationHandler {

    private final Object target;

    Watch(Object target) {
      this.target = target;
    }

    @Override
    public Object invoke(Object proxy, Method method, Object[] arguments) throws Throwable {
      note(method, arguments);
      Object[] plain =
          arguments == null ? null : Arrays.stream(arguments).map(Watch::unwrap).toArray();
      try {
        return wrap(method.invoke(target, plain));
      } catch (InvocationTargetException e) {
        throw e.getTargetException();
      }
    }

    private void note(Method method, Object[] arguments) {
      String name = method.getName();
      boolean array = target instanceof NDArray;
      boolean toHost =
          array
              && (READS.contains(name)
                  || (name.startsWith("to") && method.getReturnType().isArray()));
      boolean number =
          (array || target instanceof NDArrayEx)
              && arguments != null
              && Arrays.asList(method.getParameterTypes()).contains(Number.class);
      boolean created = prepared && target instanceof NDManager && name.equals("create");
      if (toHost) {
        crossings.add(name + " reads from the device");
      } else if (number) {
        crossings.add(name + "(Number) copies a number to the device on every call");
      } else if (created) {
        crossings.add("create copies numbers to the device on every call");
      }
    }

    private static Object unwrap(Object argument) {
      if (argument instanceof NDList list) {
        return new NDList(list.stream().map(a -> (NDArray) unwrap(a)).toArray(NDArray[]::new));
      }
      if (argument instanceof NDArray[] arrays) {
        return Arrays.stream(arrays).map(a -> (NDArray) unwrap(a)).toArray(NDArray[]::new);
      }
      return argument != null
              && Proxy.isProxyClass(argument.getClass())
              && Proxy.getInvocationHandler(argument) instanceof Watch watch
          ? watch.target
          : argument;
    }

    private Object wrap(Object result) {
      if (result instanceof NDArray array) {
        return watch(array);
      }
      if (result instanceof NDManager manager) {
        return watch(manager);
      }
      if (result instanceof NDArrayEx internal) {
        return proxy(internal, NDArrayEx.class);
      }
      if (result instanceof NDList list) {
        return new NDList(list.stream().map(WatchedArrays.this::watch).toArray(NDArray[]::new));
      }
      return result;
    }
  }
}
