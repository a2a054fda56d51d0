"""Sessions with the jar and the plugin."""

import os
from pathlib import Path
from typing import Any, Iterator, Optional

from pyspark.find_spark_home import _find_spark_home
from pyspark.sql import SparkSession

from sparkfocal.errors import PLUGIN, SparkFocalError, require_java

_NAME = "spark-focal-plugin-*-all.jar"


def _found() -> Iterator[Path]:
    here = Path(__file__).resolve().parent
    yield from (here / "jars").glob(_NAME)
    for folder in here.parents:
        yield from (folder / "spark-plugin" / "target").glob(_NAME)


def jar() -> str:
    """Path of the jar: ``SPARK_FOCAL_JAR``, that of this package, or that of a built clone.

    :raises FileNotFoundError: if there is none
    :raises SparkFocalError: if Spark cannot take its path
    """
    named: Optional[str] = os.environ.get("SPARK_FOCAL_JAR")
    if named and not Path(named).is_file():
        raise FileNotFoundError(f"SPARK_FOCAL_JAR is {named}, but there is no such file.")
    path = Path(named) if named else max(_found(), key=os.path.getmtime, default=None)
    if path is None:
        raise FileNotFoundError(
            f"There is no {_NAME}; build it in a clone with `mvn package -DskipTests`, and name it in SPARK_FOCAL_JAR."
        )
    if "," in str(path):
        raise SparkFocalError(f"{path} has a comma in it, which Spark takes for the end; rename it.")
    return str(path)


def _is_among_sparks_jars() -> bool:
    home: Any = _find_spark_home()  # type: ignore[no-untyped-call,unused-ignore]
    return any((Path(home) / "jars").glob(_NAME))


def configure(builder: "SparkSession.Builder") -> "SparkSession.Builder":
    """Adds jar and plugin to a builder of a session whose JVM does not run yet.

    Jars and plugins that the builder has already stay. The jar is not added where it lies among
    Spark's own, as in this project's images.
    """
    options: Any = builder._options
    added = {"spark.plugins": PLUGIN}
    if not _is_among_sparks_jars():
        added["spark.jars"] = jar()
    for name, value in added.items():
        before = [text for text in str(options.get(name, "")).split(",") if text]
        builder.config(name, ",".join([*before, *([] if value in before else [value])]))
    return builder.config("spark.dynamicAllocation.enabled", "false")


def start(app_name: str = "Spark Focal", master: Optional[str] = None) -> SparkSession:
    """A session with jar and plugin; one that runs already is taken as it is.

    :param app_name: name of the application
    :param master: URL of the cluster; without one that of ``spark-submit``, or ``local[*]``
    :raises SparkFocalError: if the session that runs is without the jar
    """
    builder = configure(SparkSession.builder.appName(app_name))  # type: ignore[attr-defined,unused-ignore]
    session = (builder.master(master) if master else builder).getOrCreate()
    require_java()
    return session
