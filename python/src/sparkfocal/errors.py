"""One exception, with the one sentence of the Java side."""

from contextlib import contextmanager
from typing import Iterator, Optional

from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException

_OURS = ("io.sparkfocal.", "java.lang.IllegalArgumentException", "java.lang.IllegalStateException")


class SparkFocalError(PySparkException):
    """What was wrong, the value, the allowed range, and what to change."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence

    def __str__(self) -> str:
        return self.sentence


def _sentence(error: Exception) -> Optional[str]:
    """That of Spark Focal or of a check of a param; none of what Spark itself reports."""
    if isinstance(error, Py4JJavaError):
        thrown = error.java_exception
        name = thrown.getClass().getName()
        return str(thrown.getMessage() or name) if name.startswith(_OURS) else None
    if type(error).__name__ in ("IllegalArgumentException", "SparkConnectGrpcException"):
        return str(error).split("\n")[0]
    return None


@contextmanager
def translated() -> Iterator[None]:
    """Raises :class:`SparkFocalError` in place of what Py4J makes of a Java exception."""
    try:
        yield
    except Exception as error:
        sentence = _sentence(error)
        if sentence is None:
            raise
        raise SparkFocalError(sentence) from error
