package io.sparkfocal.blocks;

import io.sparkfocal.data.BadRowException;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.NoSuchElementException;
import org.apache.spark.sql.catalyst.InternalRow;

/**
 * The rows of a partition on their way into an exchange. Equal rows that come near to each other
 * travel once, with their number, so that many of them cost no more than few; in the order of the
 * exchange equal rows lie together, so this changes nothing. Ends with the first row that cannot be
 * trained on.
 */
final class ExchangedRows implements Iterator<InternalRow> {

  /** Rows that wait for an equal one. */
  private static final int MOST_ROWS = 1024;

  private static final int MOST_BYTES = 4 << 20;

  /** After so many rows it is known whether waiting is worth it. */
  private static final int TRIAL = 8 * MOST_ROWS;

  private final Iterator<byte[]> rows;
  private final Map<Key, Waiting> waiting = new LinkedHashMap<>();
  private final Deque<InternalRow> ready = new ArrayDeque<>();
  private long taken;
  private long equal;
  private long bytes;
  private boolean refused;

  private record Key(long hash, long tie) {}

  private static final class Waiting {

    private final ExchangedRow row;
    private int count = 1;

    Waiting(ExchangedRow row) {
      this.row = row;
    }
  }

  ExchangedRows(Iterator<byte[]> rows) {
    this.rows = rows;
  }

  @Override
  public boolean hasNext() {
    boolean isOver = refused;
    while (ready.isEmpty() && !isOver) {
      isOver = !take();
    }
    if (ready.isEmpty()) {
      release(0, 0);
    }
    return !ready.isEmpty();
  }

  /** Returns whether more may come. */
  private boolean take() {
    ExchangedRow row;
    try {
      if (!rows.hasNext()) {
        return false;
      }
      row = ExchangedRow.of(rows.next());
    } catch (BadRowException e) {
      refused = true;
      ready.add(ExchangedRow.refusal(String.valueOf(e.getMessage())));
      return false;
    }
    taken++;
    if (taken > TRIAL && equal < taken / 8) {
      ready.add(row.times(1));
      return true;
    }
    Key key = new Key(row.hash(), row.tie());
    Waiting before = waiting.get(key);
    if (before != null
        && before.count < Integer.MAX_VALUE
        && Arrays.equals(before.row.bytes(), row.bytes())) {
      before.count++;
      equal++;
      return true;
    }
    if (before != null) {
      ready.add(before.row.times(before.count));
      bytes -= before.row.bytes().length;
    }
    waiting.put(key, new Waiting(row));
    bytes += row.bytes().length;
    release(MOST_ROWS, MOST_BYTES);
    return true;
  }

  /** Until no more are left than that, the oldest first. */
  private void release(int most, long mostBytes) {
    Iterator<Waiting> oldest = waiting.values().iterator();
    while (oldest.hasNext() && (waiting.size() > most || bytes > mostBytes)) {
      Waiting next = oldest.next();
      ready.add(next.row.times(next.count));
      bytes -= next.row.bytes().length;
      oldest.remove();
    }
  }

  @Override
  public InternalRow next() {
    if (!hasNext()) {
      throw new NoSuchElementException();
    }
    return ready.remove();
  }
}
