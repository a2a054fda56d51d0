"""The package itself: where the jar is, and what the README shows."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import sparkfocal
from pyspark.sql import DataFrame, SparkSession

README = Path(__file__).resolve().parents[3] / "README.md"


def test_the_jar_is_that_of_the_variable(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    found = sparkfocal.jar()
    assert found.endswith("-all.jar")
    monkeypatch.setenv("SPARK_FOCAL_JAR", str(tmp_path / "none.jar"))
    with pytest.raises(FileNotFoundError, match="no such file"):
        sparkfocal.jar()
    monkeypatch.setenv("SPARK_FOCAL_JAR", found)
    assert sparkfocal.jar() == found


def run(program: str) -> str:
    """What another process prints."""
    found = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=200
    )
    assert found.returncode == 0, found.stderr
    return found.stdout.strip()


def test_the_newest_of_several_jars_is_taken(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("sparkfocal.session.__file__", str(tmp_path / "session.py"))
    with pytest.raises(FileNotFoundError, match="build it in a clone"):
        sparkfocal.jar()
    (tmp_path / "jars").mkdir()
    for age, version in enumerate(["0.2.0", "0.1.0", "0.3.0"]):
        jar = tmp_path / "jars" / f"spark-focal-plugin-{version}-all.jar"
        jar.touch()
        os.utime(jar, (1e9 - age, 1e9 - age))
    assert Path(sparkfocal.jar()).name == "spark-focal-plugin-0.2.0-all.jar"
    comma = tmp_path / "a,b.jar"
    comma.touch()
    monkeypatch.setenv("SPARK_FOCAL_JAR", str(comma))
    with pytest.raises(sparkfocal.SparkFocalError, match="comma"):
        sparkfocal.jar()


def test_what_the_builder_has_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    builder: Any = SparkSession.Builder()
    builder.config("spark.jars", "a.jar,b.jar").config("spark.plugins", "another.Plugin")
    for _ in range(2):
        sparkfocal.configure(builder)
    assert builder._options["spark.jars"] == f"a.jar,b.jar,{sparkfocal.jar()}"
    plugin = "io.sparkfocal.plugin.SparkFocalPlugin"
    assert builder._options["spark.plugins"] == f"another.Plugin,{plugin}"
    monkeypatch.setattr("sparkfocal.session._is_among_sparks_jars", lambda: True)
    assert "spark.jars" not in sparkfocal.configure(SparkSession.Builder())._options


def test_a_session_without_the_jar_says_so() -> None:
    program = """
import sparkfocal
from pyspark.sql import SparkSession
def sentence(work):
    try:
        work()
    except sparkfocal.SparkFocalError as error:
        print(error)
sentence(sparkfocal.FocalLossClassifier)
SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false").getOrCreate()
sentence(sparkfocal.start)
sentence(sparkfocal.FocalLossClassifier)
sentence(lambda: sparkfocal.FocalLossClassificationModel.load("/nowhere"))
"""
    lines = run(program).splitlines()
    assert lines[0] == "There is no Spark session; begin with sparkfocal.start()."
    assert len(lines) == 4
    assert all(line.startswith("The running Spark session is without") for line in lines[1:])


def test_an_interrupt_ends_the_training() -> None:
    program = """
import os, signal, sys, threading, time
import sparkfocal
from pyspark.sql import SparkSession
builder = sparkfocal.configure(SparkSession.builder.master("local[1]"))
spark = builder.config("spark.ui.enabled", "false").getOrCreate()
rows = spark.range(0, 3000).selectExpr("id % 7 x", "int(id % 2) label").cache()
rows.count()
recent = spark._jvm.io.sparkfocal.plugin.RecentEpochs
def interrupt():
    while recent.count() < 2:
        time.sleep(0.1)
    os.kill(os.getpid(), signal.SIGINT)
threading.Thread(target=interrupt, daemon=True).start()
estimator = sparkfocal.FocalLossClassifier(featuresCols=["x"], maxIter=100000, validationFraction=0.0)
try:
    estimator.fit(rows)
except KeyboardInterrupt:
    print("interrupted")
begin = time.time()
while spark.sparkContext.statusTracker().getActiveJobsIds() and time.time() < begin + 60:
    time.sleep(0.1)
print("ended" if time.time() < begin + 10 else time.time() - begin)
print(estimator.setMaxIter(1).fit(rows).summary.totalIterations)
"""
    assert run(program).splitlines() == ["interrupted", "ended", "1"]


def test_the_version_is_that_of_the_package() -> None:
    assert re.match(r"\d+\.\d+\.\d+", sparkfocal.__version__)


def test_the_readme_says_what_works(
    spark: SparkSession, flights: DataFrame, tmp_path: Path
) -> None:
    section = README.read_text().split("## From Python")[1].split("\n## ")[0]
    code = section.split("```python\n")[1].split("```")[0]
    flights.write.parquet(str(tmp_path / "flights"))
    names = {"table": str(tmp_path / "flights"), "path": str(tmp_path / "model")}
    exec(code, names)
    scored = names["scored"]
    assert "probability" in scored.columns  # type: ignore[attr-defined]
    assert len(names["epochs"]) > 0
