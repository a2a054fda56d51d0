"""Ctrl-C while Java works."""

import threading
import uuid
from typing import Any, Callable, Dict, TypeVar

from pyspark import InheritableThread, SparkContext
from pyspark.sql.utils import is_remote

_T = TypeVar("_T")
_LOOK_SECONDS = 0.2
_FAREWELL_SECONDS = 10.0


def interruptible(work: Callable[[], _T]) -> _T:
    """Does something that starts Spark jobs; on ``KeyboardInterrupt`` the jobs are cancelled.

    The main thread only waits, so that the interrupt comes between two calls of Java: pyspark
    cannot cancel a job over a connection that waits for it.
    """
    spark: Any = None if is_remote() else SparkContext._active_spark_context
    if spark is None or threading.current_thread() is not threading.main_thread():
        return work()
    found: Dict[str, Any] = {}
    tag = f"sparkfocal-{uuid.uuid4()}"

    def tagged() -> None:
        try:
            spark.addJobTag(tag)
            found["result"] = work()
        except BaseException as error:
            found["error"] = error

    thread = InheritableThread(target=tagged, daemon=True)
    thread.start()
    try:
        while thread.is_alive():
            thread.join(_LOOK_SECONDS)
    except KeyboardInterrupt:
        spark.cancelJobsWithTag(tag)
        thread.join(_FAREWELL_SECONDS)
        raise
    if "error" in found:
        raise found["error"]
    result: _T = found["result"]
    return result
