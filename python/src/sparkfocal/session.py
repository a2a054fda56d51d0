"""Sessions with the jar and the plugin."""

import os
from pathlib import Path
from typing import Iterator, Optional

from pyspark.sql import SparkSession

_PLUGIN = "io.sparkfocal.plugin.SparkFocalPlugin"
_NAME = "spark-focal-plugin-*-all.jar"


def _found() -> Iterator[Path]:
    here = Path(__file__).resolve().parent
    yield from (here / "jars").glob(_NAME)
    for folder in (here, *here.parents, Path.cwd(), *Path.cwd().parents):
        yield from (folder / "spark-plugin" / "target").glob(_NAME)


def jar() -> str:
    """Path of the jar: ``SPARK_FOCAL_JAR``, that of this package, or that of a built clone.

    :raises FileNotFoundError: if there is none
    """
    named: Optional[str] = os.environ.get("SPARK_FOCAL_JAR")
    if named:
        if not Path(named).is_file():
            raise FileNotFoundError(f"SPARK_FOCAL_JAR is {named}, but there is no such file.")
        return named
    for path in _found():
        return str(path)
    raise FileNotFoundError(
        f"There is no {_NAME}; build it with `mvn package -DskipTests`, and name it in SPARK_FOCAL_JAR."
    )


def configure(builder: "SparkSession.Builder") -> "SparkSession.Builder":
    """Adds jar and plugin to a builder of a session whose JVM does not run yet."""
    return (
        builder.config("spark.jars", jar())
        .config("spark.plugins", _PLUGIN)
        .config("spark.dynamicAllocation.enabled", "false")
    )


def start(app_name: str = "Spark Focal", master: Optional[str] = None) -> SparkSession:
    """A session with jar and plugin.

    :param app_name: name of the application
    :param master: URL of the cluster; without one that of ``spark-submit``, or ``local[*]``
    """
    builder = configure(SparkSession.builder.appName(app_name))  # type: ignore[attr-defined,unused-ignore]
    return (builder.master(master) if master else builder).getOrCreate()
