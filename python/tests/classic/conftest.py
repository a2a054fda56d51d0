"""One session for all tests, and tables that are the same in every run."""

import os
import sys
from typing import Iterator

import pytest
import sparkfocal
from pyspark.sql import DataFrame, SparkSession

os.environ["PYSPARK_PYTHON"] = sys.executable


@pytest.fixture(scope="session")
def spark() -> Iterator[SparkSession]:
    builder = sparkfocal.configure(SparkSession.builder.master("local[2]"))
    session = (
        builder.config("spark.ui.enabled", "false")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.sql.shuffle.partitions", "2")
        .getOrCreate()
    )
    yield session
    session.stop()


@pytest.fixture(scope="session")
def vectors(spark: SparkSession) -> DataFrame:
    """A vector of two numbers, and three classes."""
    from pyspark.ml.feature import VectorAssembler

    rows = spark.range(0, 600, 1, 2).selectExpr(
        "id", "int(id % 3) label", "id % 3 + sin(id) / 4 x", "cos(id) y"
    )
    return VectorAssembler(inputCols=["x", "y"], outputCol="features").transform(rows)
