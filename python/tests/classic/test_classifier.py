"""Estimator and model beside the rest of pyspark."""

import subprocess
import sys
from pathlib import Path
from typing import Callable, List

import pytest
import sparkfocal
from pyspark.ml import Pipeline, PipelineModel
from pyspark.ml.classification import OneVsRest
from pyspark.ml.evaluation import MulticlassClassificationEvaluator
from pyspark.ml.linalg import Vectors
from pyspark.ml.tuning import CrossValidator, CrossValidatorModel, ParamGridBuilder
from pyspark.sql import DataFrame, SparkSession
from sparkfocal import FocalLossClassificationModel, FocalLossClassifier, SparkFocalError


def accuracy(scored: DataFrame, label: str = "label") -> float:
    evaluator = MulticlassClassificationEvaluator(labelCol=label, metricName="accuracy")
    return float(evaluator.evaluate(scored))


def of_flights() -> FocalLossClassifier:
    return FocalLossClassifier(featuresCols=["carrier", "distance"], labelCol="late", maxIter=8)


def of_vectors() -> FocalLossClassifier:
    return FocalLossClassifier(hiddenLayers=[8], maxIter=10, batchSize=32, learningRate=0.02)


@pytest.fixture(scope="module")
def model(flights: DataFrame) -> FocalLossClassificationModel:
    return of_flights().fit(flights)


def predictions(scored: DataFrame) -> List[float]:
    return [row.prediction for row in scored.orderBy("id").select("prediction").collect()]


def test_a_table_is_learnt(model: FocalLossClassificationModel, flights: DataFrame) -> None:
    assert accuracy(model.transform(flights), "late") > 0.9
    assert model.numClasses == 2
    assert model.numFeatures == 2
    assert model.predict(Vectors.dense(float("nan"), 3)) in (0.0, 1.0)
    assert model.predictProbability(Vectors.dense(0, 3)).toArray().sum() == pytest.approx(1)
    renamed = model.copy({model.predictionCol: "guess"}).transform(flights)
    assert "guess" in renamed.columns


def test_the_summary_is_a_table_and_a_plot(model: FocalLossClassificationModel) -> None:
    pytest.importorskip("matplotlib").use("Agg")
    from sparkfocal.plots import plot_history

    summary = model.summary
    epochs = summary.to_pandas()
    assert len(epochs) == summary.totalIterations == len(summary.objectiveHistory)
    assert epochs["trainingLoss"].tolist() == pytest.approx(summary.objectiveHistory)
    assert epochs["validationLoss"].idxmin() == summary.bestEpoch
    assert len(plot_history(summary).lines) == 3


def test_importances(model: FocalLossClassificationModel, flights: DataFrame) -> None:
    from sparkfocal.plots import plot_importances

    found = model.featureImportances(flights, metric="accuracy", repeats=1, seed=3)
    table = found.to_pandas()
    assert set(table["feature"]) == {"carrier", "distance"}
    assert table["importance"].max() > 0.05
    assert found.to_svg().startswith("<svg")
    assert len(plot_importances(found).patches) == 2


def test_a_pipeline_is_loaded_by_another_process(
    flights: DataFrame, tmp_path: Path, spark: SparkSession
) -> None:
    fitted = Pipeline(stages=[of_flights()]).fit(flights)
    fitted.save(str(tmp_path / "model"))
    expected = predictions(fitted.transform(flights))
    flights.write.parquet(str(tmp_path / "rows"))
    program = f"""
import sparkfocal
from pyspark.ml import PipelineModel
spark = sparkfocal.start(master="local[1]")
model = PipelineModel.load({str(tmp_path / "model")!r})
assert type(model.stages[0]) is sparkfocal.FocalLossClassificationModel
assert model.stages[0].summary.totalIterations > 0
scored = model.transform(spark.read.parquet({str(tmp_path / "rows")!r}))
print([row.prediction for row in scored.orderBy("id").select("prediction").collect()])
"""
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=200
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.strip().splitlines()[-1] == str(expected)
    loaded = PipelineModel.load(str(tmp_path / "model"))
    assert predictions(loaded.transform(flights)) == expected


def test_cross_validation_is_saved_and_loaded(vectors: DataFrame, tmp_path: Path) -> None:
    estimator = of_vectors()
    grid = ParamGridBuilder().addGrid(estimator.gamma, [1.0, 2.0]).build()
    evaluator = MulticlassClassificationEvaluator(metricName="accuracy")
    validator = CrossValidator(
        estimator=estimator,
        estimatorParamMaps=grid,
        evaluator=evaluator,
        numFolds=2,
        parallelism=2,
        seed=1,
    )
    validator.save(str(tmp_path / "validator"))
    model = CrossValidator.load(str(tmp_path / "validator")).fit(vectors)
    model.save(str(tmp_path / "model"))
    loaded = CrossValidatorModel.load(str(tmp_path / "model"))
    assert type(loaded.bestModel) is FocalLossClassificationModel
    assert accuracy(loaded.transform(vectors)) > 0.9
    assert predictions(loaded.transform(vectors)) == predictions(model.transform(vectors))


def test_one_against_the_rest(vectors: DataFrame) -> None:
    model = OneVsRest(classifier=of_vectors(), parallelism=2).fit(vectors)
    assert accuracy(model.transform(vectors)) > 0.8
    rare = vectors.selectExpr("*", "if(label = 2, 0.001, 1) weight")
    weighted = OneVsRest(classifier=of_vectors(), weightCol="weight").fit(rare).transform(rare)
    assert weighted.where("prediction = 2").count() < 50


def test_saved_estimators_and_models(
    model: FocalLossClassificationModel, flights: DataFrame, tmp_path: Path
) -> None:
    of_flights().setGamma(1.5).save(tmp_path / "estimator")
    estimator = FocalLossClassifier.load(tmp_path / "estimator")
    assert estimator.getGamma() == 1.5
    assert estimator.getFeaturesCols() == ["carrier", "distance"]
    model.write().overwrite().save(str(tmp_path / "model"))
    loaded = FocalLossClassificationModel.load(str(tmp_path / "model"))
    assert loaded.summary.to_dict() == model.summary.to_dict()
    assert predictions(loaded.transform(flights)) == predictions(model.transform(flights))


def test_models_are_exported(model: FocalLossClassificationModel, tmp_path: Path) -> None:
    model.exportTo(str(tmp_path / "export"))
    for name in ("torchscript/model.pt", "onnx/model.onnx", "pytorch/model.py", "model.json"):
        assert (tmp_path / "export" / name).stat().st_size > 0
    with pytest.raises(SparkFocalError):
        model.exportTo(str(tmp_path / "export"))
    model.exportTo(tmp_path / "export", overwrite=True)


def test_training_goes_on_from_a_model(
    model: FocalLossClassificationModel, flights: DataFrame
) -> None:
    further = of_flights().setInitialModel(model).setMaxIter(1).fit(flights)
    assert further.summary.objectiveHistory[0] < model.summary.objectiveHistory[0] / 2


def test_errors_are_one_sentence(flights: DataFrame, vectors: DataFrame) -> None:
    with pytest.raises(SparkFocalError) as of_param:
        of_flights().setBatchSize(-1).fit(flights)
    assert str(of_param.value).startswith("batchSize is -1; it must be")
    with pytest.raises(SparkFocalError) as of_rows:
        of_flights().fit(flights.selectExpr("*", "double(null) gone").drop("late"))
    assert str(of_rows.value).startswith('Column "late" (labelCol) does not exist')
    with pytest.raises(SparkFocalError) as of_task:
        of_vectors().fit(vectors.selectExpr("features", "label - 1 label"))
    assert str(of_task.value).startswith('Column "label" has the label -1.0; labels must be')
    assert "\n" not in str(of_task.value)
    with pytest.raises(SparkFocalError) as of_output:
        of_vectors().fit(vectors).transform(vectors.selectExpr("*", "1 prediction"))
    assert str(of_output.value).startswith('Output column "prediction" exists already')


def test_slips_are_one_sentence(
    model: FocalLossClassificationModel, flights: DataFrame, tmp_path: Path
) -> None:
    assert model.predict([float("nan"), 3.0]) == model.predict(Vectors.dense(float("nan"), 3))
    slips: List[Callable[[], object]] = [
        lambda: model.predict([1.0, 2.0, 3.0]),
        lambda: FocalLossClassificationModel.load(tmp_path),
        lambda: FocalLossClassifier(maxIter=2**40),
        lambda: model.featureImportances(flights, repeats=1.5),  # type: ignore[arg-type]
        lambda: of_flights().setInitialModel(model).save(tmp_path / "estimator"),
    ]
    for slip in slips:
        with pytest.raises(SparkFocalError) as error:
            slip()
        assert "\n" not in str(error.value)
    with pytest.raises(TypeError, match="neither a model nor the path of one"):
        FocalLossClassifier(initialModel=3)


def test_epochs_are_shown(flights: DataFrame, capsys: pytest.CaptureFixture[str]) -> None:
    sparkfocal.show_progress(True)
    try:
        of_flights().setMaxIter(2).fit(flights)
    finally:
        sparkfocal.show_progress(None)
    assert "epoch 2/2: loss " in capsys.readouterr().err
    of_flights().setMaxIter(1).fit(flights)
    assert capsys.readouterr().err.count("epoch") == 0
