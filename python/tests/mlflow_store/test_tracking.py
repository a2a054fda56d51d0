"""MLflow with a SQLite store, in the night: python/test --mlflow."""

from pathlib import Path

import mlflow
import pytest
from mlflow.tracking import MlflowClient
from pyspark.sql import SparkSession
from sparkfocal import FocalLossClassifier, configure
from sparkfocal.tracking import log_training


@pytest.fixture(scope="module")
def spark() -> SparkSession:
    builder = configure(SparkSession.builder.master("local[2]"))
    return builder.config("spark.ui.enabled", "false").getOrCreate()


def test_a_training_is_tracked_and_its_model_is_found(spark: SparkSession, tmp_path: Path) -> None:
    mlflow.set_tracking_uri(f"sqlite:///{tmp_path}/store.db")
    mlflow.create_experiment("flights", artifact_location=(tmp_path / "artifacts").as_uri())
    mlflow.set_experiment("flights")
    rows = spark.range(0, 3000, 1, 2).selectExpr(
        "concat('c', id % 5) carrier", "id % 17 distance", "int(id % 5 = 3) late"
    )
    estimator = FocalLossClassifier(
        featuresCols=["carrier", "distance"], labelCol="late", gamma=1.5, maxIter=3
    )
    with mlflow.start_run() as run:
        model = estimator.fit(rows)
        log_training(model, estimator)
        logged = mlflow.spark.log_model(model, "model", dfs_tmpdir=str(tmp_path / "tmp"))
    found = MlflowClient().get_run(run.info.run_id)
    assert found.data.params["gamma"] == "1.5"
    assert found.data.params["labelCol"] == "late"
    history = MlflowClient().get_metric_history(run.info.run_id, "trainingLoss")
    assert [metric.value for metric in history] == pytest.approx(model.summary.objectiveHistory)
    assert [metric.step for metric in history] == [1, 2, 3]
    loaded = mlflow.spark.load_model(logged.model_uri, dfs_tmpdir=str(tmp_path / "tmp2"))
    expected = model.transform(rows).where("prediction = late").count()
    assert loaded.transform(rows).where("prediction = late").count() == expected


def test_autologging_finds_estimator_and_model(spark: SparkSession, tmp_path: Path) -> None:
    mlflow.set_tracking_uri(f"sqlite:///{tmp_path}/store.db")
    mlflow.create_experiment("auto", artifact_location=(tmp_path / "artifacts").as_uri())
    mlflow.set_experiment("auto")
    rows = spark.range(0, 600, 1, 2).selectExpr("id % 17 distance", "int(id % 17 > 8) late")
    mlflow.pyspark.ml.autolog(log_models=False)
    try:
        with mlflow.start_run() as run:
            FocalLossClassifier(featuresCols=["distance"], labelCol="late", maxIter=1).fit(rows)
    finally:
        mlflow.pyspark.ml.autolog(disable=True)
    params = MlflowClient().get_run(run.info.run_id).data.params
    assert any(name.endswith("maxIter") and value == "1" for name, value in params.items())
