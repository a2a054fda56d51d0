"""Plots by matplotlib, which has to be installed for them."""

from typing import Any, Optional

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


def plot_importances(
    importances: FeatureImportances, most: int = 20, axes: Optional[Any] = None
) -> Any:
    """The most important features, with deviations; returns the axes."""
    axes = _axes(axes)
    found = importances.to_pandas().head(most).iloc[::-1]
    axes.barh(found["feature"], found["importance"], xerr=found["deviation"])
    axes.set(xlabel="how much worse the metric gets")
    return axes
