"""The package itself: where the jar is, and what the README shows."""

from pathlib import Path

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
