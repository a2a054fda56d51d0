"""Plots by matplotlib, which has to be installed for them."""

from typing import Any, Optional

from pyspark.ml.functions import vector_to_array
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from sparkfocal.errors import SparkFocalError
from sparkfocal.importances import FeatureImportances
from sparkfocal.summary import TrainingSummary


def _axes(axes: Optional[Any]) -> Any:
    if axes is not None:
        return axes
    try:
        from matplotlib import pyplot
    except ImportError as error:
        raise ImportError("Plots need matplotlib; install it: pip install matplotlib.") from error
    return pyplot.subplots()[1]


def plot_history(summary: TrainingSummary, axes: Optional[Any] = None) -> Any:
    """Training and validation loss by epoch; returns the axes."""
    axes = _axes(axes)
    epochs = summary.to_pandas()
    axes.plot(epochs.index, epochs["trainingLoss"], label="training")
    if epochs["validationLoss"].notna().any():
        axes.plot(epochs.index, epochs["validationLoss"], label="validation")
        axes.axvline(summary.bestEpoch, linestyle=":", color="gray", label="best epoch")
    axes.set(xlabel="epoch", ylabel="loss")
    axes.legend()
    return axes


def reliability(
    scored: DataFrame, labelCol: str = "label", probabilityCol: str = "probability", bins: int = 15
) -> Any:
    """What :func:`plot_reliability` draws, as a pandas DataFrame.

    Columns: ``probability``, the mean of the largest probability; ``hits``, the share of rows that
    it is right on; ``rows``, how many there are. A row for each bin that is not empty. Rows without
    a label are left out.
    """
    if not isinstance(bins, int) or bins < 1:
        raise SparkFocalError(f"bins is {bins}; it must be a whole number of at least 1.")
    array = vector_to_array(F.col(probabilityCol))
    largest = F.array_max(array)
    label = F.col(labelCol).cast("int")
    table: Any = (
        scored.where(label.isNotNull())
        .select(
            largest.alias("probability"),
            F.when(F.get(array, label) == largest, 1.0).otherwise(0.0).alias("hit"),
        )
        .groupBy(F.least(F.floor(F.col("probability") * bins), F.lit(bins - 1)).alias("bin"))
        .agg(
            F.avg("probability").alias("probability"),
            F.avg("hit").alias("hits"),
            F.count(F.lit(1)).alias("rows"),
        )
        .orderBy("bin")
        .drop("bin")
        .toPandas()
    )
    if table.empty:
        raise SparkFocalError("There are no rows to plot.")
    return table


def plot_reliability(
    scored: DataFrame,
    labelCol: str = "label",
    probabilityCol: str = "probability",
    bins: int = 15,
    axes: Optional[Any] = None,
) -> Any:
    """How often the most probable class is the true one, by its probability; returns the axes.

    On the diagonal probabilities can be believed (Guo et al., arXiv 1706.04599). The title has the
    mean distance from it, which ``summary.calibration`` has for the validation rows.

    :param scored: what ``model.transform`` returned for rows with one label each
    :param bins: into how many equal parts the probabilities from 0 to 1 are cut
    """
    axes = _axes(axes)
    table = reliability(scored, labelCol, probabilityCol, bins)
    rows = table["rows"].sum()
    error = ((table["probability"] - table["hits"]).abs() * table["rows"]).sum() / rows
    axes.plot([0, 1], [0, 1], color="gray", linestyle=":")
    axes.plot(table["probability"], table["hits"], marker="o")
    axes.set(xlim=(0, 1), ylim=(0, 1), xlabel="probability", ylabel="share of hits")
    axes.set_title(f"expected calibration error {error:.4f} ({rows:,} rows)")
    return axes


def plot_importances(
    importances: FeatureImportances, most: int = 20, axes: Optional[Any] = None
) -> Any:
    """The most important features, with deviations; returns the axes."""
    axes = _axes(axes)
    found = importances.to_pandas().head(most).iloc[::-1]
    axes.barh(found["feature"], found["importance"], xerr=found["deviation"])
    axes.set(xlabel="how much worse the metric gets")
    return axes
