"""One exception, with the one sentence of the Java side."""

from contextlib import contextmanager
from typing import Any, Iterator, Optional

from py4j.java_gateway import JavaPackage
from py4j.protocol import Py4JError, Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql.utils import is_remote

PLUGIN = "io.sparkfocal.plugin.SparkFocalPlugin"

_WRONG_TYPE = ("java.lang.ClassCastException", "net.razorvine.pickle.PickleException")
_OURS = ("io.sparkfocal.", "java.lang.IllegalArgumentException", "java.lang.IllegalStateException")

# What pyspark makes of a Java exception in a classic session, and over Spark Connect.
_SPARKS = ("IllegalArgumentException", "SparkConnectGrpcException", "UnknownException")


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
        if name in _WRONG_TYPE:
            return f"A value has a type that is not taken here: {thrown.getMessage()}"
        return str(thrown.getMessage() or name) if name.startswith(_OURS) else None
    if isinstance(error, Py4JError):
        for line in str(error).splitlines():
            if line.endswith("does not exist"):
                return f"A value has a type that is not taken here: {line}"
    if type(error).__name__ in _SPARKS:
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


def require_classic(what: str) -> None:
    """Over Spark Connect no Java can be called.

    :raises SparkFocalError: there
    """
    if is_remote():
        raise SparkFocalError(f"{what} calls Java; use a session without Spark Connect.")


def require_java() -> None:
    """Looks for the jar.

    :raises SparkFocalError: if no session runs, or it runs without the jar
    """
    if is_remote():
        return
    from pyspark import SparkContext

    jvm: Any = SparkContext._jvm
    if SparkContext._active_spark_context is None or jvm is None:
        raise SparkFocalError("There is no Spark session; begin with sparkfocal.start().")
    if isinstance(jvm.io.sparkfocal.ml.FocalLossClassifier, JavaPackage):
        raise SparkFocalError(
            "The running Spark session is without Spark Focal's jar; stop it before"
            f" sparkfocal.start(), or start it with --jars and --conf spark.plugins={PLUGIN}."
        )
