"""Training and scoring by a client of Spark Connect, where no Java can be called."""

from pathlib import Path
from typing import Any, Dict

import pyspark
import pytest
from pyspark.ml import Pipeline, PipelineModel
from pyspark.ml.classification import OneVsRest
from pyspark.ml.evaluation import MulticlassClassificationEvaluator
from pyspark.ml.feature import VectorAssembler
from pyspark.ml.linalg import Vectors
from pyspark.ml.tuning import CrossValidator, ParamGridBuilder
from pyspark.sql import DataFrame, SparkSession
from sparkfocal import FocalLossClassificationModel, FocalLossClassifier, SparkFocalError

README = Path(__file__).resolve().parents[3] / "README.md"
# From 4.1 on pyspark says of every loaded model that it has no summary.
LOADED_HAS_SUMMARY = pyspark.__version__.startswith("4.0.")


def estimator() -> FocalLossClassifier:
    return FocalLossClassifier(featuresCols=["carrier", "distance"], labelCol="late", maxIter=8)


@pytest.fixture(scope="module")
def model(flights: DataFrame) -> FocalLossClassificationModel:
    return estimator().fit(flights)


def right(scored: DataFrame) -> int:
    return scored.where("late = prediction").count()


def test_a_table_is_learnt(model: FocalLossClassificationModel, flights: DataFrame) -> None:
    assert right(model.transform(flights)) > 2700
    assert model.numClasses == 2
    assert model.numFeatures == 2
    probabilities = model.predictProbability(Vectors.dense(float("nan"), 3)).toArray()
    assert probabilities.sum() == pytest.approx(1)
    assert model.predict(Vectors.dense(float("nan"), 3)) == probabilities.argmax()
    assert len(model.predictRaw(Vectors.dense(0, 3)).toArray()) == 2


def test_the_summary_has_what_spark_allows(model: FocalLossClassificationModel) -> None:
    assert model.hasSummary
    assert model.summary.totalIterations == 8
    losses = model.summary.objectiveHistory
    assert len(losses) == 8 and losses[-1] < losses[0]
    with pytest.raises(SparkFocalError, match="^All of a summary but .* calls Java; use a session"):
        model.summary.to_pandas()


def test_what_calls_java_says_so(model: FocalLossClassificationModel, flights: DataFrame) -> None:
    with pytest.raises(SparkFocalError, match="^featureImportances calls Java"):
        model.featureImportances(flights)
    with pytest.raises(SparkFocalError, match="^exportTo calls Java"):
        model.exportTo("folder")
    with pytest.raises(SparkFocalError, match="^classNames calls Java"):
        model.classNames
    with pytest.raises(SparkFocalError, match="^initialModel with a model in place of a path calls"):
        estimator().setInitialModel(model).fit(flights)


@pytest.fixture(scope="module")
def vectors(spark: SparkSession) -> DataFrame:
    """A vector of two numbers, and three classes."""
    rows = spark.range(0, 600, 1, 2).selectExpr(
        "int(id % 3) label", "id % 3 + sin(id) / 4 x", "cos(id) y"
    )
    return VectorAssembler(inputCols=["x", "y"], outputCol="features").transform(rows)


@pytest.mark.parametrize("parallelism", [1, 2])
def test_grids_and_several_classifiers(vectors: DataFrame, parallelism: int) -> None:
    classifier = FocalLossClassifier(
        hiddenLayers=[8], maxIter=10, batchSize=32, learningRate=0.02, labelCol="label"
    )
    grid = ParamGridBuilder().addGrid(classifier.gamma, [1.0, 2.0]).build()
    accuracy = MulticlassClassificationEvaluator(metricName="accuracy")
    validator = CrossValidator(
        estimator=classifier,
        estimatorParamMaps=grid,
        evaluator=accuracy,
        numFolds=2,
        parallelism=parallelism,
    )
    assert accuracy.evaluate(validator.fit(vectors).transform(vectors)) > 0.9
    rest = OneVsRest(classifier=classifier, parallelism=parallelism)
    assert accuracy.evaluate(rest.fit(vectors).transform(vectors)) > 0.6


def test_models_are_saved_and_loaded(
    model: FocalLossClassificationModel, flights: DataFrame, tmp_path: Path
) -> None:
    path = str(tmp_path / "model")
    model.write().overwrite().save(path)
    loaded = FocalLossClassificationModel.load(path)
    assert type(loaded) is FocalLossClassificationModel
    assert right(loaded.transform(flights)) == right(model.transform(flights))
    assert loaded.hasSummary == LOADED_HAS_SUMMARY
    estimator().setGamma(1.5).write().overwrite().save(str(tmp_path / "estimator"))
    assert FocalLossClassifier.load(str(tmp_path / "estimator")).getGamma() == 1.5


def test_a_pipeline_is_saved_and_loaded(flights: DataFrame, tmp_path: Path) -> None:
    fitted = Pipeline(stages=[estimator()]).fit(flights)
    fitted.write().overwrite().save(str(tmp_path / "model"))
    loaded = PipelineModel.load(str(tmp_path / "model"))
    assert type(loaded.stages[0]) is FocalLossClassificationModel
    assert right(loaded.transform(flights)) == right(fitted.transform(flights))


def test_errors_are_one_sentence(flights: DataFrame) -> None:
    with pytest.raises(SparkFocalError) as error:
        estimator().setBatchSize(-1).fit(flights)
    assert str(error.value).startswith("batchSize is -1; it must be")
    with pytest.raises(SparkFocalError) as of_path:
        FocalLossClassificationModel.load("/nowhere")
    assert "\n" not in str(of_path.value)


def test_the_readme_says_what_works(
    port: int, flights: DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    section = README.read_text().split("### Over Spark Connect")[1].split("\n## ")[0]
    code = section.split("```python\n")[1].split("```")[0]
    flights.write.parquet(str(tmp_path / "flights"))
    names: Dict[str, Any] = {"table": str(tmp_path / "flights")}
    monkeypatch.setattr("builtins.print", lambda *values: names.setdefault("printed", values))
    exec(code.replace("sc://server:15002", f"sc://127.0.0.1:{port}"), names)
    assert len(names["printed"][0]) > 0
    assert "probability" in names["scored"].columns
