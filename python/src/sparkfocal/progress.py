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


def _wanted() -> bool:
    return (sys.stderr.isatty() or "ipykernel" in sys.modules) if _shown is None else _shown


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


def _poll(recent: Any, uid: str, seen: int, ended: threading.Event) -> None:
    printer = _Printer()
    last = False
    while not last:
        last = ended.wait(_SECONDS)
        epochs = json.loads(recent.after(seen))
        seen += len(epochs)
        for epoch in epochs:
            if epoch["run"].startswith(uid):
                printer.show(epoch)
    printer.close()


@contextmanager
def shown(uid: str) -> Iterator[None]:
    """Shows the epochs of that estimator's fit; what goes wrong here never ends it."""
    ended = threading.Event()
    thread = None
    try:
        recent = _recent() if _wanted() else None
        if recent is not None:
            arguments = (recent, uid, recent.count(), ended)
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
