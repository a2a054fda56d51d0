"""Neural networks for imbalanced classes, trained on the executors of a Spark application."""

import sys
import types
from importlib.metadata import version

from sparkfocal.classifier import FocalLossClassificationModel, FocalLossClassifier
from sparkfocal.errors import SparkFocalError
from sparkfocal.importances import FeatureImportances
from sparkfocal.progress import show_progress
from sparkfocal.session import configure, jar, start
from sparkfocal.summary import TrainingSummary

__all__ = [
    "FeatureImportances",
    "FocalLossClassificationModel",
    "FocalLossClassifier",
    "SparkFocalError",
    "TrainingSummary",
    "configure",
    "jar",
    "show_progress",
    "start",
]

__version__ = version("sparkfocal")


def _answer_to_java_names() -> None:
    """pyspark looks for a Python class under the name of its Java class when it loads one."""
    package = types.ModuleType("io.sparkfocal")
    module = types.ModuleType("io.sparkfocal.ml")
    for found in (FocalLossClassifier, FocalLossClassificationModel):
        setattr(module, found.__name__, found)
    setattr(package, "ml", module)
    sys.modules["io.sparkfocal"] = package
    sys.modules["io.sparkfocal.ml"] = module


_answer_to_java_names()
