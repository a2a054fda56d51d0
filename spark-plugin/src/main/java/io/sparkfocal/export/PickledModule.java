package io.sparkfocal.export;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;

/**
 * A TorchScript object as PyTorch's {@code Pickler} writes it: protocol 2, with those operations
 * that its {@code Unpickler} knows (torch/csrc/jit/serialization).
 */
final class PickledModule {

  private static final int PROTOCOL = 0x80;
  private static final int MARK = '(';
  private static final int TUPLE = 't';
  private static final int EMPTY_TUPLE = ')';
  private static final int NEW_OBJECT = 0x81;
  private static final int EMPTY_DICT = '}';
  private static final int SET_ITEMS = 'u';
  private static final int BUILD = 'b';
  private static final int STOP = '.';
  private static final int GLOBAL = 'c';
  private static final int UNICODE = 'X';
  private static final int BYTE = 'K';
  private static final int SHORT = 'M';
  private static final int INT = 'J';
  private static final int LONG = 0x8A;
  private static final int TRUE = 0x88;
  private static final int FALSE = 0x89;
  private static final int PUT = 'q';
  private static final int LONG_PUT = 'r';
  private static final int GET = 'h';
  private static final int LONG_GET = 'j';
  private static final int PERSISTENT_ID = 'Q';
  private static final int REDUCE = 'R';
  private static final int SMALL = 256;
  private static final int MIDDLE = 1 << 16;

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final Map<String, Integer> memo = new HashMap<>();

  /** Begins an object of that class, which lies in {@code __torch__}. */
  PickledModule(String type) {
    write(PROTOCOL, 2);
    global("__torch__", type);
    write(EMPTY_TUPLE, NEW_OBJECT, EMPTY_DICT, MARK);
  }

  /** Adds an attribute: a tensor that is all of the storage of that name. */
  PickledModule add(Tensor tensor, String storage) {
    text(tensor.name());
    global("torch._utils", "_rebuild_tensor_v2");
    write(MARK, MARK);
    text("storage");
    global("torch", tensor.type().storage());
    text(storage);
    text("cpu");
    number(tensor.length());
    write(TUPLE, PERSISTENT_ID);
    number(0);
    numbers(tensor.shape());
    numbers(strides(tensor.shape()));
    write(FALSE);
    global("collections", "OrderedDict");
    write(EMPTY_TUPLE, REDUCE, TUPLE, REDUCE);
    return this;
  }

  /** Adds an attribute that is true or false. */
  PickledModule add(String name, boolean value) {
    text(name);
    write(value ? TRUE : FALSE);
    return this;
  }

  /** The whole object. */
  byte[] bytes() {
    write(SET_ITEMS, BUILD, STOP);
    return out.toByteArray();
  }

  /** Of a tensor whose last dimension lies together. */
  private static long[] strides(long... shape) {
    long[] strides = new long[shape.length];
    long step = 1;
    for (int i = shape.length - 1; i >= 0; i--) {
      strides[i] = step;
      step *= shape[i];
    }
    return strides;
  }

  private void write(int... bytes) {
    for (int b : bytes) {
      out.write(b);
    }
  }

  private void littleEndian(int bytes, long value) {
    ByteBuffer buffer = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    out.write(buffer.putLong(0, value).array(), 0, bytes);
  }

  private void numbers(long... values) {
    write(MARK);
    for (long value : values) {
      number(value);
    }
    write(TUPLE);
  }

  /** One that is not negative. */
  private void number(long value) {
    if (value < SMALL) {
      write(BYTE, (int) value);
    } else if (value < MIDDLE) {
      write(SHORT);
      littleEndian(Short.BYTES, value);
    } else if (value <= Integer.MAX_VALUE) {
      write(INT);
      littleEndian(Integer.BYTES, value);
    } else {
      write(LONG, Long.BYTES);
      littleEndian(Long.BYTES, value);
    }
  }

  private void global(String module, String name) {
    String key = module + "." + name;
    if (!known(key)) {
      write(GLOBAL);
      bytes(module + "\n" + name + "\n");
      remember(key);
    }
  }

  private void text(String value) {
    String key = "'" + value;
    if (!known(key)) {
      write(UNICODE);
      littleEndian(Integer.BYTES, value.getBytes(StandardCharsets.UTF_8).length);
      bytes(value);
      remember(key);
    }
  }

  private void bytes(String value) {
    out.writeBytes(value.getBytes(StandardCharsets.UTF_8));
  }

  private boolean known(String key) {
    Integer place = memo.get(key);
    if (place != null) {
      place(GET, LONG_GET, place);
    }
    return place != null;
  }

  private void remember(String key) {
    place(PUT, LONG_PUT, memo.size());
    memo.put(key, memo.size());
  }

  private void place(int small, int large, int place) {
    if (place < SMALL) {
      write(small, place);
    } else {
      write(large);
      littleEndian(Integer.BYTES, place);
    }
  }
}
