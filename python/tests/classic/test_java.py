"""What Python and Java tell each other of params."""

import re
from typing import Any

import pytest
import sparkfocal
from pyspark.ml.evaluation import BinaryClassificationEvaluator
from pyspark.ml.tuning import ParamGridBuilder, TrainValidationSplit
from pyspark.sql import DataFrame, SparkSession
from sparkfocal import FocalLossClassifier, SparkFocalError


def of_flights() -> FocalLossClassifier:
    return FocalLossClassifier(featuresCols=["carrier", "distance"], labelCol="late", maxIter=2)


def in_java(estimator: Any, name: str) -> Any:
    return estimator._to_java().getOrDefault(estimator._java_obj.getParam(name))


def test_a_value_that_is_not_allowed_is_told_where_it_is_set(spark: SparkSession) -> None:
    estimator = FocalLossClassifier(gamma=2.0, seed=3)
    with pytest.raises(SparkFocalError) as error:
        estimator.setParams(seed=4, gamma=-3.0)
    assert str(error.value) == "gamma is -3.0; it must be a finite number of at least 0, or -1."
    assert (estimator.getGamma(), estimator.getSeed()) == (2.0, 3)


def test_a_copy_that_is_refused_leaves_the_original(spark: SparkSession) -> None:
    estimator = FocalLossClassifier(gamma=2.0)
    with pytest.raises(SparkFocalError, match="gamma is -7.0"):
        estimator.copy({estimator.gamma: -7.0})
    assert in_java(estimator, "gamma") == 2.0


def test_none_leaves_a_param_as_it_is(spark: SparkSession) -> None:
    estimator = FocalLossClassifier(gamma=2.0).setParams(gamma=None)
    assert in_java(estimator, "gamma") == 2.0


def test_a_loaded_estimator_keeps_the_defaults_of_its_version(spark: SparkSession) -> None:
    saved = FocalLossClassifier()  # whose end would be that of its Java side
    java: Any = saved._java_obj
    java.setDefault(java.getParam("network"), "mlp")
    loaded: Any = FocalLossClassifier._from_java(java)
    assert loaded.getNetwork() == "mlp"
    assert in_java(loaded, "network") == "mlp"


def test_tuned_thresholds_are_params_of_the_model(flights: DataFrame) -> None:
    model = of_flights().setThresholdTuning("recall=0.9").fit(flights)
    assert len(model.getThresholds()) == 2


def test_fits_side_by_side_show_each_epoch_once(
    flights: DataFrame, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "tqdm.auto", None)
    estimator = of_flights()
    split = TrainValidationSplit(
        estimator=estimator,
        estimatorParamMaps=ParamGridBuilder().addGrid(estimator.gamma, [0.0, 2.0]).build(),
        evaluator=BinaryClassificationEvaluator(labelCol="late"),
        parallelism=2,
        seed=1,
    )
    sparkfocal.show_progress(True)
    try:
        split.fit(flights)
    finally:
        sparkfocal.show_progress(None)
    lines = re.findall(r"^epoch \d/2: loss .*$", capsys.readouterr().err, re.MULTILINE)
    assert len(lines) == 6, "two fits and the last one on all rows"
