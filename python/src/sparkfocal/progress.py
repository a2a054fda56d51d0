"""A line for each epoch while ``fit`` runs."""

import json
import sys
import threading
from contextlib import contextmanager
from typing import Any, Dict, Iterator, Optional

_SECONDS = 0.5
_shown: Optional[bool] = None


def show_progress(shown: Optional[bool]) -> None:
    """Says whether ``fit`` shows its epochs on standard error.

    :param shown: None, the default, for a terminal or a notebook alone
    """
    global _shown
    _shown = shown


def _is_notebook() -> bool:
    ipython = sys.modules.get("IPython")
    return hasattr(ipython.get_ipython(), "kernel") if ipython else False


def _wanted() -> bool:
    return (sys.stderr.isatty() or _is_notebook()) if _shown is None else _shown


def _line(epoch: Dict[str, Any]) -> str:
    report = epoch["report"]
    validation = report["validation"]
    after = f", validation loss {validation['loss']:.4f}" if validation else ""
    return (
        f"epoch {report['epoch']}/{report['epochs']}: loss {report['trainingLoss']:.4f}{after}, "
        f"{report['rowsPerSecond']:,.0f} rows/s"
    )


class _Printer:
    """By tqdm's bar where that is installed, else by lines."""

    def __init__(self) -> None:
        self._bars: Dict[str, Any] = {}
        try:
            from tqdm.auto import tqdm

            self._tqdm: Any = tqdm
        except ImportError:
            self._tqdm = None

    def show(self, epoch: Dict[str, Any]) -> None:
        report = epoch["report"]
        if self._tqdm is None:
            print(_line(epoch), file=sys.stderr, flush=True)
            return
        bar = self._bars.get(epoch["run"])
        if bar is None:
            bar = self._bars[epoch["run"]] = self._tqdm(total=report["epochs"], unit="epoch")
        bar.set_description_str(_line(epoch), refresh=False)
        bar.update(report["epoch"] - bar.n)

    def close(self) -> None:
        for bar in self._bars.values():
            bar.close()


class _Feed:
    """Epochs that were not shown yet.

    Copies of an estimator share its uid, and their fits may run side by side, as in a
    ``CrossValidator``; so all threads of a uid share what was seen.
    """

    _lock = threading.Lock()
    _threads: Dict[str, int] = {}
    _seen: Dict[str, int] = {}

    def __init__(self, recent: Any, uid: str) -> None:
        self._recent = recent
        self._uid = uid
        with _Feed._lock:
            if uid not in _Feed._threads:
                _Feed._seen[uid] = recent.count()
            _Feed._threads[uid] = _Feed._threads.get(uid, 0) + 1

    def show(self, printer: _Printer) -> None:
        """Has the new ones shown."""
        with _Feed._lock:
            epochs = json.loads(self._recent.after(_Feed._seen[self._uid]))
            _Feed._seen[self._uid] += len(epochs)
            for epoch in epochs:
                if epoch["run"].startswith(self._uid + "-"):
                    printer.show(epoch)

    def close(self) -> None:
        """Forgets what was seen when the last thread of the uid ends."""
        with _Feed._lock:
            _Feed._threads[self._uid] -= 1
            if _Feed._threads[self._uid] == 0:
                del _Feed._threads[self._uid], _Feed._seen[self._uid]


def _poll(feed: _Feed, ended: threading.Event) -> None:
    try:
        printer = _Printer()
        while not ended.wait(_SECONDS):
            feed.show(printer)
        feed.show(printer)
        printer.close()
    finally:
        feed.close()


@contextmanager
def shown(uid: str) -> Iterator[None]:
    """Shows the epochs of that estimator's fit; what goes wrong here never ends it."""
    ended = threading.Event()
    thread = None
    try:
        recent = _recent() if _wanted() else None
        if recent is not None:
            arguments = (_Feed(recent, uid), ended)
            thread = threading.Thread(target=_quiet, args=arguments, daemon=True)
            thread.start()
    except Exception:
        thread = None
    try:
        yield
    finally:
        ended.set()
        if thread is not None:
            thread.join(10)


def _quiet(*arguments: Any) -> None:
    try:
        _poll(*arguments)
    except Exception as error:
        print(f"Epochs are not shown any more: {error}", file=sys.stderr)


def _recent() -> Any:
    """The driver's record of epochs; None over Spark Connect, where no Java can be called."""
    from pyspark import SparkContext

    jvm = getattr(SparkContext, "_jvm", None)
    return None if jvm is None else jvm.io.sparkfocal.plugin.RecentEpochs
