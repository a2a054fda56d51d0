"""The chart of how far probabilities can be believed, against numpy's numbers."""

import matplotlib

matplotlib.use("Agg")

import numpy as np
import pytest
from pyspark.sql import DataFrame
from sparkfocal import FocalLossClassifier, SparkFocalError
from sparkfocal.plots import plot_reliability, reliability


def test_reliability_is_that_of_the_rows(flights: DataFrame) -> None:
    classifier = FocalLossClassifier(featuresCols=["carrier"], labelCol="late", maxIter=1)
    scored = classifier.fit(flights).transform(flights)
    collected = scored.select("probability", "late").collect()
    probabilities = np.array([row.probability.toArray() for row in collected])
    largest = probabilities.max(1)
    hits = probabilities.argmax(1) == np.array([row.late for row in collected])
    bins = np.minimum((largest * 10).astype(int), 9)
    expected = np.array(
        [
            (largest[bins == one].mean(), hits[bins == one].mean(), (bins == one).sum())
            for one in np.unique(bins)
        ]
    )
    table = reliability(scored, "late", bins=10)
    np.testing.assert_allclose(table.to_numpy(dtype=float), expected, rtol=1e-9)
    axes = plot_reliability(scored, "late", bins=10)
    error = (abs(expected[:, 0] - expected[:, 1]) * expected[:, 2]).sum() / len(hits)
    assert axes.get_title() == f"expected calibration error {error:.4f} (3,000 rows)"
    with pytest.raises(SparkFocalError, match="There are no rows to plot"):
        reliability(scored.limit(0), "late")
    with pytest.raises(SparkFocalError, match="bins is 0; it must be a whole number"):
        reliability(scored, "late", bins=0)
    with pytest.raises(SparkFocalError, match="bins is 2.5; it must be a whole number"):
        reliability(scored, "late", bins=2.5)  # type: ignore[arg-type]
    unlabelled = scored.selectExpr("probability", "if(id < 100, late, null) late")
    assert reliability(unlabelled, "late")["rows"].sum() == scored.where("id < 100").count()
    beyond = scored.selectExpr("probability", "7 late")
    assert reliability(beyond, "late")["hits"].max() == 0
