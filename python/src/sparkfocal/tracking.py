"""MLflow's record of a training; mlflow has to be installed for it."""

from typing import Any, Dict, Optional

from sparkfocal.classifier import FocalLossClassificationModel, FocalLossClassifier

_LONGEST = 500


def _values(estimator: FocalLossClassifier) -> Dict[str, Any]:
    """All params that have a value, as texts that MLflow takes."""
    return {
        param.name: str(value)[:_LONGEST] for param, value in estimator.extractParamMap().items()
    }


def log_training(
    model: FocalLossClassificationModel, estimator: Optional[FocalLossClassifier] = None
) -> None:
    """Logs a training to the active run of MLflow: metrics for each epoch, and params.

    Metrics have the names of the columns of ``model.summary.to_pandas()``, and the epoch as step;
    calibration and best epoch come last. ``mlflow.spark.log_model(model, ...)`` logs the model.

    :param model: with a summary
    :param estimator: whose params are logged too
    """
    try:
        import mlflow
    except ImportError as error:
        raise ImportError("Tracking needs mlflow; install it: pip install mlflow.") from error
    if estimator is not None:
        mlflow.log_params(_values(estimator))
    summary = model.summary
    epochs = summary.to_pandas()
    for epoch, numbers in epochs.iterrows():
        found = {name: float(value) for name, value in numbers.items() if value == value}
        mlflow.log_metrics(found, step=int(epoch))
    last = {"bestEpoch": float(summary.bestEpoch)}
    for name, value in (summary.calibration or {}).items():
        last[f"calibration.{name}"] = float(value)
    mlflow.log_metrics(last)
