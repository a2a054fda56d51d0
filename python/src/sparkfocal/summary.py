"""How the training of a model went."""

import json
from typing import TYPE_CHECKING, Any, Dict, List, Optional

from pyspark.ml.wrapper import JavaWrapper

from sparkfocal.errors import require_classic

if TYPE_CHECKING:
    import pandas


class TrainingSummary(JavaWrapper):
    """Epochs, counts and calibration of a training.

    Over Spark Connect there are ``objectiveHistory`` and ``totalIterations`` alone.
    """

    @property
    def objectiveHistory(self) -> List[float]:
        """Mean training loss of each epoch."""
        return list(self._call_java("objectiveHistory"))

    @property
    def totalIterations(self) -> int:
        """How many epochs were trained."""
        return int(self._call_java("totalIterations"))

    def to_dict(self) -> Dict[str, Any]:
        """All of it, by the names that Java's ``TrainingSummary`` has."""
        require_classic("All of a summary but objectiveHistory and totalIterations")
        found: Dict[str, Any] = json.loads(self._call_java("toJson"))
        return found

    @property
    def bestEpoch(self) -> int:
        """The epoch of the model's weights, from 1."""
        return int(self.to_dict()["bestEpoch"])

    @property
    def calibration(self) -> Optional[Dict[str, float]]:
        """How far probabilities can be believed on the validation rows; None without such rows."""
        found: Optional[Dict[str, float]] = self.to_dict()["calibration"]
        return found

    def to_pandas(self) -> "pandas.DataFrame":
        """A row for each epoch: losses, validation, learning rate and rows per second."""
        import pandas

        epochs = [
            {**epoch, **(epoch["validation"] or {"loss": None})}
            for epoch in self.to_dict()["epochs"]
        ]
        frame = pandas.DataFrame(epochs).rename(
            columns={
                "loss": "validationLoss",
                "macroRecall": "validationMacroRecall",
                "accuracy": "validationAccuracy",
                "metric": "validationMetric",
            }
        )
        return frame.drop(columns=["validation", "epochs"]).set_index("epoch")
