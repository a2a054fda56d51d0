from pathlib import Path

import pytest
from pyspark.sql import DataFrame
from sparkfocal import FocalLossClassifier
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator


def test_tensorboard_reads_the_epochs(flights: DataFrame, tmp_path: Path) -> None:
    model = FocalLossClassifier(
        featuresCols=["carrier", "distance"],
        labelCol="late",
        maxIter=3,
        validationFraction=0.2,
        validationMetric="prAuc",
        tensorBoardDir=str(tmp_path / "events"),
    ).fit(flights)
    [run] = (tmp_path / "events").iterdir()
    assert run.name.endswith("-crossEntropy")
    events = EventAccumulator(str(run))
    events.Reload()
    epochs = model.summary.to_pandas()
    columns = {
        "loss/training": "trainingLoss",
        "loss/validation": "validationLoss",
        "validation/prAuc": "validationMetric",
        "validation/macroRecall": "validationMacroRecall",
        "validation/accuracy": "validationAccuracy",
        "training/learningRate": "learningRate",
        "training/rowsPerSecond": "rowsPerSecond",
    }
    assert set(events.Tags()["scalars"]) == set(columns)
    for tag, column in columns.items():
        scalars = events.Scalars(tag)
        assert [scalar.step for scalar in scalars] == list(epochs.index)
        assert [scalar.value for scalar in scalars] == pytest.approx(list(epochs[column]))
