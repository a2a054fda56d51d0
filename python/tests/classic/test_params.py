"""Every param from Python to Java and back."""

from typing import Any, Dict

import pytest
from pyspark.ml.param import Param
from pyspark.sql import SparkSession
from sparkfocal import FocalLossClassifier

TEXTS: Dict[str, Any] = {
    "alpha": "balanced",
    "device": "cpu",
    "handleInvalid": "skip",
    "learningRateSchedule": "constant",
    "loss": "focal",
    "lossArguments": ["maxMargin=0.3"],
    "lossSearch": ["focal", "ldam"],
    "network": "mlp",
    "optimizer": "sgd",
    "precision": "float16",
    "reduction": "mean",
    "thresholdTuning": "f1",
    "calibration": "temperature",
    "validationMetric": "prAuc",
    "batchNormScope": "local",
    "learningRateFactors": ["head=2"],
    "frozenParameters": ["head"],
    "networkArguments": ["a=b"],
    "inputShape": [1, 8, 8],
    "hiddenLayers": [9, 8],
    "thresholds": [0.2, 0.8],
    "numClasses": 3,
    "validationFraction": 0.25,
    "dropout": 0.25,
    "momentum": 0.25,
    "warmupFraction": 0.25,
    "labelSmoothing": 0.25,
}


def another(param: "Param[Any]", default: Any) -> Any:
    if param.name in TEXTS:
        return TEXTS[param.name]
    if isinstance(default, bool):
        return not default
    if isinstance(default, int):
        return default + 1
    if isinstance(default, float):
        return default + 1.0
    if isinstance(default, list):
        return ["a"]
    return "another"


def test_every_param_reaches_java_and_comes_back(spark: SparkSession) -> None:
    names = [param.name for param in FocalLossClassifier().params]
    assert len(names) > 50
    for name in names:
        estimator = FocalLossClassifier()
        param = estimator.getParam(name)
        default = estimator.getOrDefault(param) if estimator.hasDefault(param) else None
        value = another(param, default)
        getattr(estimator, f"set{name[0].upper()}{name[1:]}")(value)
        assert getattr(estimator, f"get{name[0].upper()}{name[1:]}")() == value, name
        estimator._transfer_params_to_java()
        read = FocalLossClassifier()
        read._java_obj = estimator._java_obj
        read._transfer_params_from_java()
        assert read.getOrDefault(name) == value, name
        # As Java's own types, which a getter would fail on otherwise.
        java = getattr(estimator._java_obj, f"get{name[0].upper()}{name[1:]}")
        if name != "initialModel":
            assert java() is not None, name


def test_defaults_are_those_of_java(spark: SparkSession) -> None:
    estimator = FocalLossClassifier()
    java: Any = estimator._java_obj
    for param in estimator.params:
        assert estimator.hasDefault(param) == java.hasDefault(java.getParam(param.name)), param.name
    read = FocalLossClassifier()
    read._transfer_params_from_java()
    for param in estimator.params:
        if estimator.hasDefault(param):
            assert read.getOrDefault(param.name) == estimator.getOrDefault(param), param.name


def test_the_constructor_takes_keywords_alone(spark: SparkSession) -> None:
    estimator = FocalLossClassifier(gamma=1.5, hiddenLayers=[9, 8], labelCol="late")
    assert estimator.getGamma() == 1.5
    assert estimator.setParams(gamma=2.0).getGamma() == 2.0
    assert estimator.getHiddenLayers() == [9, 8]
    assert "focusing exponent" in estimator.explainParam("gamma")
    assert "(default" in (FocalLossClassifier.__init__.__doc__ or "")
    with pytest.raises(TypeError):
        FocalLossClassifier(1.5)  # type: ignore[call-arg,arg-type,misc,unused-ignore]
    with pytest.raises(TypeError):
        FocalLossClassifier(gamma="much")  # type: ignore[arg-type]
