package io.sparkfocal.data;

import io.sparkfocal.train.Shuffle;
import org.jspecify.annotations.Nullable;

/** Rows that all lie on the heap: one window. */
final class HeapRows implements RowSource {

  private final int width;
  private final int[] order;
  private RowStore store;

  HeapRows(RowStore store) {
    this.width = store.width();
    this.store = store;
    this.order = store.canonicalOrder();
  }

  @Override
  public long rows() {
    return order.length;
  }

  @Override
  public int width() {
    return width;
  }

  @Override
  public Windows ordered() {
    return new OneWindow(new Window(store, order));
  }

  @Override
  public Windows shuffled(Shuffle shuffle) {
    int[] shuffled = shuffle.order(order.length);
    for (int i = 0; i < shuffled.length; i++) {
      shuffled[i] = order[shuffled[i]];
    }
    return new OneWindow(new Window(store, shuffled));
  }

  @Override
  public void standardize(Standardization standardization) {
    store.standardize(standardization);
  }

  @Override
  public boolean isInMemory() {
    return true;
  }

  @Override
  public void close() {
    store = new RowStore(width);
  }

  private static final class OneWindow implements Windows {

    private @Nullable Window window;

    OneWindow(Window window) {
      this.window = window;
    }

    @Override
    public @Nullable Window next() {
      Window next = window;
      window = null;
      return next;
    }

    @Override
    public void close() {}
  }
}
