"""What the tests of all kinds of sessions have in common."""

import pytest
from pyspark.sql import DataFrame, SparkSession


@pytest.fixture(scope="session")
def flights(spark: SparkSession) -> DataFrame:
    """Texts and numbers with gaps; late follows from both."""
    return spark.range(0, 3000, 1, 2).selectExpr(
        "id",
        "concat('c', id % 5) carrier",
        "if(id % 11 = 0, null, id % 17) distance",
        "int(id % 5 = 3 or id % 17 = 16) late",
    )
