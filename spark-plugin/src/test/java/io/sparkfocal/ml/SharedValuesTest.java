package io.sparkfocal.ml;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

class SharedValuesTest {

  private final List<String> closed = new CopyOnWriteArrayList<>();
  private final AtomicInteger made = new AtomicInteger();

  private String make() {
    return "value " + made.incrementAndGet();
  }

  @Test
  void aValueIsMadeOnceAndClosedSomeTimeAfterItsLastUse() {
    SharedValues<String> values = new SharedValues<>(closed::add, 50);
    assertThat(values.acquire("a", this::make)).isEqualTo("value 1");
    assertThat(values.acquire("a", this::make)).isEqualTo("value 1");
    assertThat(values.acquire("b", this::make)).isEqualTo("value 2");
    values.release("a");
    values.release("b");
    Awaitility.await().until(() -> values.size() == 1);
    assertThat(closed).containsExactly("value 2");
    values.release("a");
    Awaitility.await().until(() -> values.size() == 0 && closed.size() == 2);
    assertThat(values.acquire("a", this::make)).isEqualTo("value 3");
  }

  @Test
  void whoComesBeforeItIsClosedKeepsItOpen() {
    SharedValues<String> values = new SharedValues<>(closed::add, 300);
    values.acquire("a", this::make);
    values.release("a");
    values.acquire("a", this::make);
    Awaitility.await()
        .during(Duration.ofMillis(600))
        .atMost(Duration.ofSeconds(5))
        .until(closed::isEmpty);
    assertThat(made).hasValue(1);
  }

  @Test
  void aValueThatCannotBeMadeIsTriedByTheNext() {
    SharedValues<String> values = new SharedValues<>(closed::add, 0);
    assertThatThrownBy(
            () ->
                values.acquire(
                    "a",
                    () -> {
                      throw new IllegalStateException("not now");
                    }))
        .hasMessage("not now");
    assertThat(values.acquire("a", this::make)).isEqualTo("value 1");
  }
}
