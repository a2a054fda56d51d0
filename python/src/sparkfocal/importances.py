"""Which features a model looks at."""

from typing import TYPE_CHECKING, Any

from pyspark.ml.wrapper import JavaWrapper
from pyspark.sql import DataFrame, SparkSession

if TYPE_CHECKING:
    import pandas


class FeatureImportances(JavaWrapper):
    """By how much a metric gets worse when the values of a feature are shuffled."""

    def to_dataframe(self) -> DataFrame:
        """Columns feature, importance and deviation, the most important first."""
        spark: Any = SparkSession.active()
        found: DataFrame = self._call_java("toDataFrame", spark._jsparkSession)
        return found

    def to_pandas(self) -> "pandas.DataFrame":
        """The same, of pandas."""
        return self.to_dataframe().toPandas()

    def to_svg(self) -> str:
        """A chart."""
        return str(self._call_java("toSvg"))
