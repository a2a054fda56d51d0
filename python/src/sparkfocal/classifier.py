"""Estimator and model as pyspark has them."""

import os
from typing import TYPE_CHECKING, Any, Callable, List, Optional, Sequence, Tuple, Union, overload

from pyspark.ml.classification import _JavaProbabilisticClassificationModel
from pyspark.ml.linalg import DenseVector, Vector
from pyspark.ml.param.shared import HasWeightCol
from pyspark.ml.util import HasTrainingSummary, JavaMLReadable, JavaMLWritable
from pyspark.sql import DataFrame
from pyspark.sql.utils import is_remote

from sparkfocal._generated import _GeneratedClassifier, _ScoringParams
from sparkfocal._java import JavaSide
from sparkfocal.errors import require_classic, translated
from sparkfocal.importances import FeatureImportances
from sparkfocal.interrupt import interruptible
from sparkfocal.progress import shown
from sparkfocal.summary import TrainingSummary

if TYPE_CHECKING:
    from pyspark.ml._typing import ParamMap

Features = Union[Vector, Sequence[float]]


def _vector(features: Features) -> Vector:
    return features if isinstance(features, Vector) else DenseVector(features)


class FocalLossClassificationModel(
    JavaSide,
    _JavaProbabilisticClassificationModel[Vector],
    _ScoringParams,
    JavaMLWritable,
    JavaMLReadable["FocalLossClassificationModel"],
    HasTrainingSummary[TrainingSummary],
):
    """A trained network that appends logits, probabilities and the predicted class."""

    __module__ = "io.sparkfocal.ml"
    _summaryCls = TrainingSummary

    @property
    def summary(self) -> TrainingSummary:
        """How the training went.

        :raises SparkFocalError: if an earlier version saved the model, without a summary
        """
        with translated():
            # pyspark makes one of _summaryCls itself from 4.1 on.
            found: Any = super().summary
        return found if isinstance(found, TrainingSummary) else TrainingSummary(found)

    @property
    def classNames(self) -> "list[str]":
        """Names of the classes, in the order of the labels; empty if the label had none."""
        require_classic("classNames")
        return list(self._call_java("classNames"))

    def predict(self, value: Features) -> float:
        """The class of one row."""
        with translated():
            return float(super().predict(_vector(value)))

    def predictRaw(self, value: Features) -> Vector:
        """The logits of one row."""
        with translated():
            found: Vector = super().predictRaw(_vector(value))
            return found

    def predictProbability(self, value: Features) -> Vector:
        """The class probabilities of one row."""
        with translated():
            found: Vector = super().predictProbability(_vector(value))
            return found

    def exportTo(self, folder: "str | os.PathLike[str]", overwrite: bool = False) -> None:
        """Writes the model as TorchScript, ONNX and Python with PyTorch, for readers without Spark.

        :param folder: of any file system that Spark's driver reaches
        :param overwrite: whether an export that is there is replaced, once the new one is whole
        """
        require_classic("exportTo")
        with translated():
            self._transfer_params_to_java()
            self._call_java("exportTo", os.fspath(folder), overwrite)

    def featureImportances(
        self,
        dataset: DataFrame,
        metric: str = "prAuc",
        repeats: int = 5,
        seed: int = 0,
        labelCol: Optional[str] = None,
    ) -> FeatureImportances:
        """By how much a metric gets worse when the values of a feature are shuffled.

        :param dataset: rows with features and label, better not those of the training
        :param metric: one of validationMetric, but loss
        :param repeats: how often the values of a feature are shuffled
        :param seed: of the shuffles
        :param labelCol: column of the label; that of the training without one
        """
        from pyspark import SparkContext

        require_classic("featureImportances")
        jvm: Any = SparkContext._jvm
        with translated():
            options = jvm.io.sparkfocal.ml.ImportanceOptions.defaults()
            options = options.withMetric(metric).withRepeats(repeats).withSeed(seed)
            if labelCol is not None:
                options = options.withLabelCol(labelCol)
            self._transfer_params_to_java()
            found = self._call_java("featureImportances", dataset, options)
        return FeatureImportances(found)

    def _transform(self, dataset: DataFrame) -> DataFrame:
        with translated():
            scored: DataFrame = super()._transform(dataset)
            return scored


class FocalLossClassifier(
    JavaSide,
    _GeneratedClassifier,
    HasWeightCol,
    JavaMLWritable,
    JavaMLReadable["FocalLossClassifier"],
):
    """Trains a neural network for imbalanced classes on the executors of a Spark application."""

    __module__ = "io.sparkfocal.ml"

    if TYPE_CHECKING:  # pyspark's own says that a classifier's model may be any.

        @overload  # type: ignore[override,unused-ignore]
        def fit(
            self, dataset: DataFrame, params: "Optional[ParamMap]" = None
        ) -> FocalLossClassificationModel: ...

        @overload
        def fit(
            self, dataset: DataFrame, params: "Union[List[ParamMap], Tuple[ParamMap]]"
        ) -> List[FocalLossClassificationModel]: ...

        def fit(self, dataset: DataFrame, params: Any = None) -> Any: ...

    def _create_model(self, java_model: Any) -> FocalLossClassificationModel:
        model = FocalLossClassificationModel(java_model)
        if not is_remote():
            model._transfer_params_from_java()  # thresholds, if they were tuned
        return model

    def _fit(self, dataset: DataFrame) -> FocalLossClassificationModel:
        if isinstance(self.getInitialModel(), FocalLossClassificationModel):
            require_classic("initialModel with a model in place of a path")
        fit: Callable[[DataFrame], FocalLossClassificationModel] = super()._fit
        with translated(), shown(self.uid):
            return interruptible(lambda: fit(dataset))
