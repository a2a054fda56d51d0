# Written from the Java params by PythonPageTest; CONTRIBUTING.md has the command. Not to be edited.
"""Params of the estimator and of the model."""

from typing import TYPE_CHECKING, Any, Dict, List, Optional, TypeVar

from pyspark import keyword_only
from pyspark.ml.classification import _JavaProbabilisticClassifier
from pyspark.ml.param import Param, Params, TypeConverters

from sparkfocal._java import model_or_path

if TYPE_CHECKING:
    from sparkfocal.classifier import FocalLossClassificationModel

_S = TypeVar("_S", bound=Params)


class _ScoringParams(Params):
    """Params of estimator and model."""

    attributionCol: "Param[str]" = Param(
        Params._dummy(),  # type: ignore[attr-defined,no-untyped-call,unused-ignore]
        "attributionCol",
        "column of what each feature has to do with the score of the predicted class, a "
            "vector, by integrated gradients; empty for none",
        typeConverter=TypeConverters.toString,
    )

    featuresCols: "Param[List[str]]" = Param(
        Params._dummy(),  # type: ignore[attr-defined,no-untyped-call,unused-ignore]
        "featuresCols",
        "columns of numbers, booleans, texts, dates, timestamps, vectors or arrays, in the "
            "order of the features; not to be set beside featuresCol",
        typeConverter=TypeConverters.toListString,
    )

    handleInvalid: "Param[str]" = Param(
        Params._dummy(),  # type: ignore[attr-defined,no-untyped-call,unused-ignore]
        "handleInvalid",
        "what is done with rows that have a missing feature: error, skip (leave them out) or "
            "keep (a value that the tabular network learns; other networks take it as error)",
        typeConverter=TypeConverters.toString,
    )

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._setDefault(
            attributionCol="",
            featuresCols=[],
            handleInvalid="keep",
        )

    def getAttributionCol(self) -> str:
        """Value of attributionCol."""
        return self.getOrDefault(self.attributionCol)

    def setAttributionCol(self: _S, value: str) -> _S:
        """Sets attributionCol."""
        return self._set(attributionCol=value)

    def getFeaturesCols(self) -> List[str]:
        """Value of featuresCols."""
        return self.getOrDefault(self.featuresCols)

    def setFeaturesCols(self: _S, value: List[str]) -> _S:
        """Sets featuresCols."""
        return self._set(featuresCols=value)

    def getHandleInvalid(self) -> str:
        """Value of handleInvalid."""
        return self.getOrDefault(self.handleInvalid)

    def setHandleInvalid(self: _S, value: str) -> _S:
        """Sets handleInvalid."""
        return self._set(handleInvalid=value)


class _ClassifierParams(_ScoringParams):
    """Params of the estimator alone."""

    alpha: "Param[str]" = Param(
        Params._dummy(),  # type: ignore[attr-defined,no-untyped-call,unused-ignore]
        "alpha",
        "class weights: auto (balanced, unless the loss balances by itself), none, balanced "
            "(n / (k n_c)), class-balanced(BETA), or one number per class separated by commas; "
            "one number alone is the weight of class 1 for sigmoidFocal",
        typeConverter=TypeConverters.toString,
    )

    alphaFrom: "Param[float]" = Param(
        Params._dummy(),  # type: ignore[attr-defined,no-untyped-call,unused-ignore]
        "alphaFrom",
        "part of training after which the class weights hold; negative for what the loss's "
            "paper does",
        typeConverter=TypeConverters.toFloat,
    )

    batchNorm: "Param[bool]" = Param(
        Params._dummy(),  # type: ignore[attr-defined,no-untyped-call,unused-ignore]
        "batchNorm",
        "whether hidden layers are normalised over the rows of all ranks",
        typeConverter=TypeConverters.toBoolean,
    )

    batchNormScope: "Param[str]" = Param(
        Params._dummy(),  # type: ignore[attr-defined,no-untyped-call,unused-ignore]
        "batchNormScope",
        "whether batch norm (of mlp, cnn and resnet18) is over the rows of all ranks (global) "
            "or of each rank alone (local)",
        typeConverter=TypeConverters.toString,
    )

    batchSize: "Param[int]" = Param(
        Params._dummy(),  # type: ignore[attr-defined,no-untyped-call,unused-ignore]
        "batchSize",
        "rows of one step over all workers together; 0 for a number by the network and the "
            "rows",
        typeConverter=TypeConverters.toInt,
    )

    calibration: "Param[str]" = Param(
        Params._dummy(),  # type: ignore[attr-defined,no-untyped-call,unused-ignore]
        "calibration",
        "none, or temperature: divides the logits by a number chosen on the validation rows",
        typeConverter=TypeConverters.toString,
    )

    checkpointDir: "Param[str]" = Param(
        Params._dummy(),  # type: ignore[attr-defined,no-untyped-call,unused-ignore]
        "checkpointDir",
        "folder of any Hadoop file system for checkpoints of a run that is not finished; "
            "empty for none",
        typeConverter=TypeConverters.toString,
    )

    checkpointInterval: "Param[int]" = Param(
        Params._dummy(),  # type: ignore[attr-defined,no-untyped-call,unused-ignore]
        "checkpointInterval",
        "steps from one checkpoint to the next; 0 for no such rule",
        typeConverter=TypeConverters.toInt,
    )

    checkpointMinutes: "Param[float]" = Param(
        Params._dummy(),  # type: ignore[attr-defined,no-untyped-call,unused-ignore]
        "checkpointMinutes",
        "minutes from one checkpoint to the next; 0 for no such rule",
        typeConverter=TypeConverters.toFloat,
    )

    device: "Param[str]" = Param(
        Params._dummy(),  # type: ignore[attr-defined,no-untyped-call,unused-ignore]
        "device",
        "auto (the GPU that Spark assigned, else the CPU), cpu or gpu",
        typeConverter=TypeConverters.toString,
    )

    dropout: "Param[float]" = Param(
        Params._dummy(),  # type: ignore[attr-defined,no-untyped-call,unused-ignore]
        "dropout",
        "share of hidden values that are zeroed while training; -1 for that of the network",
        typeConverter=TypeConverters.toFloat,
    )

    earlyStoppingPatience: "Param[int]" = Param(
        Params._dummy(),  # type: ignore[attr-defined,no-untyped-call,unused-ignore]
        "earlyStoppingPatience",
        "epochs without a better validation metric after which training ends; 0 to run all "
            "epochs; -1 for half of them where maxIter is 0",
        typeConverter=TypeConverters.toInt,
    )

    frozenParameters: "Param[List[str]]" = Param(
        Params._dummy(),  # type: ignore[attr-defined,no-untyped-call,unused-ignore]
        "frozenParameters",
        "regular expressions for whole names of parameters of a TorchScript network that keep "
            "their values",
        typeConverter=TypeConverters.toListString,
    )

    gamma: "Param[float]" = Param(
        Params._dummy(),  # type: ignore[attr-defined,no-untyped-call,unused-ignore]
        "gamma",
        "focusing exponent of the focal losses; -1 for that of the loss's paper",
        typeConverter=TypeConverters.toFloat,
    )

    gradientAccumulationSteps: "Param[int]" = Param(
        Params._dummy(),  # type: ignore[attr-defined,no-untyped-call,unused-ignore]
        "gradientAccumulationSteps",
        "into how many parts each worker cuts its rows of a step, for less memory; 0 for as "
            "few as memory suffices for",
        typeConverter=TypeConverters.toInt,
    )

    gradientClipNorm: "Param[float]" = Param(
        Params._dummy(),  # type: ignore[attr-defined,no-untyped-call,unused-ignore]
        "gradientClipNorm",
        "largest Euclidean norm of the gradient; 0 for no limit",
        typeConverter=TypeConverters.toFloat,
    )

    hiddenLayers: "Param[List[int]]" = Param(
        Params._dummy(),  # type: ignore[attr-defined,no-untyped-call,unused-ignore]
        "hiddenLayers",
        "widths of the hidden layers; 0 alone for those of the network",
        typeConverter=TypeConverters.toListInt,
    )

    initialModel: "Param[Any]" = Param(
        Params._dummy(),  # type: ignore[attr-defined,no-untyped-call,unused-ignore]
        "initialModel",
        "a model, or the path of a saved one, whose weights the training begins with: of the "
            "same network, or of one that differs in its output layer alone",
        typeConverter=model_or_path,
    )

    inputShape: "Param[List[int]]" = Param(
        Params._dummy(),  # type: ignore[attr-defined,no-untyped-call,unused-ignore]
        "inputShape",
        "shape in which a network takes a row, without the batch: channels, height and width "
            "for cnn and resnet18 and for columns with images; empty for a vector",
        typeConverter=TypeConverters.toListInt,
    )

    learningRate: "Param[float]" = Param(
        Params._dummy(),  # type: ignore[attr-defined,no-untyped-call,unused-ignore]
        "learningRate",
        "highest learning rate; not multiplied by the number of workers; 0 for that of the "
            "network",
        typeConverter=TypeConverters.toFloat,
    )

    learningRateFactors: "Param[List[str]]" = Param(
        Params._dummy(),  # type: ignore[attr-defined,no-untyped-call,unused-ignore]
        "learningRateFactors",
        "what the learning rate of parameters of a TorchScript network is multiplied by, each "
            "as pattern=factor",
        typeConverter=TypeConverters.toListString,
    )

    learningRateSchedule: "Param[str]" = Param(
        Params._dummy(),  # type: ignore[attr-defined,no-untyped-call,unused-ignore]
        "learningRateSchedule",
        "cosine or constant",
        typeConverter=TypeConverters.toString,
    )

    logitAdjustment: "Param[float]" = Param(
        Params._dummy(),  # type: ignore[attr-defined,no-untyped-call,unused-ignore]
        "logitAdjustment",
        "tau of a logit adjustment after training; 0 for none",
        typeConverter=TypeConverters.toFloat,
    )

    loss: "Param[str]" = Param(
        Params._dummy(),  # type: ignore[attr-defined,no-untyped-call,unused-ignore]
        "loss",
        "crossEntropy, focal, sigmoidCrossEntropy, sigmoidFocal, balancedSoftmax, "
            "logitAdjusted, ldam, asymmetric, polyFocal, varifocal, qualityFocal, dice, tversky, "
            "focalTversky, ghm, seesaw, dualFocal, flsd, a class name, or auto: focal if gamma is "
            "set, else crossEntropy",
        typeConverter=TypeConverters.toString,
    )

    lossArguments: "Param[List[str]]" = Param(
        Params._dummy(),  # type: ignore[attr-defined,no-untyped-call,unused-ignore]
        "lossArguments",
        "numbers of the loss, each as name=number",
        typeConverter=TypeConverters.toListString,
    )

    lossSearch: "Param[List[str]]" = Param(
        Params._dummy(),  # type: ignore[attr-defined,no-untyped-call,unused-ignore]
        "lossSearch",
        "losses to try on the validation rows, each as \"focal gamma=1 alpha=balanced\", with "
            "no class weights where alpha is left out; \"default\" alone for a usual set",
        typeConverter=TypeConverters.toListString,
    )

    maxCategories: "Param[int]" = Param(
        Params._dummy(),  # type: ignore[attr-defined,no-untyped-call,unused-ignore]
        "maxCategories",
        "how many values of a category have an embedding of their own",
        typeConverter=TypeConverters.toInt,
    )

    maxCheckpoints: "Param[int]" = Param(
        Params._dummy(),  # type: ignore[attr-defined,no-untyped-call,unused-ignore]
        "maxCheckpoints",
        "how many of the newest checkpoints are kept, at least 1",
        typeConverter=TypeConverters.toInt,
    )

    maxIter: "Param[int]" = Param(
        Params._dummy(),  # type: ignore[attr-defined,no-untyped-call,unused-ignore]
        "maxIter",
        "epochs: passes over the training rows, at most; 0 for a number by the network and "
            "the rows",
        typeConverter=TypeConverters.toInt,
    )

    maxRestarts: "Param[int]" = Param(
        Params._dummy(),  # type: ignore[attr-defined,no-untyped-call,unused-ignore]
        "maxRestarts",
        "how often training begins again, from the newest checkpoint, after a failure that "
            "may pass",
        typeConverter=TypeConverters.toInt,
    )

    momentum: "Param[float]" = Param(
        Params._dummy(),  # type: ignore[attr-defined,no-untyped-call,unused-ignore]
        "momentum",
        "momentum of sgd",
        typeConverter=TypeConverters.toFloat,
    )

    network: "Param[str]" = Param(
        Params._dummy(),  # type: ignore[attr-defined,no-untyped-call,unused-ignore]
        "network",
        "tabular (for columns, which may be categories or missing), mlp (a multilayer "
            "perceptron of numbers), linear, cnn, resnet18, torchscript:PATH, or auto: by the "
            "columns and the params that are set",
        typeConverter=TypeConverters.toString,
    )

    networkArguments: "Param[List[str]]" = Param(
        Params._dummy(),  # type: ignore[attr-defined,no-untyped-call,unused-ignore]
        "networkArguments",
        "arguments of a provider of one's own, each as name=value",
        typeConverter=TypeConverters.toListString,
    )

    networkProvider: "Param[str]" = Param(
        Params._dummy(),  # type: ignore[attr-defined,no-untyped-call,unused-ignore]
        "networkProvider",
        "class name of the NetworkProvider that builds the network",
        typeConverter=TypeConverters.toString,
    )

    numClasses: "Param[int]" = Param(
        Params._dummy(),  # type: ignore[attr-defined,no-untyped-call,unused-ignore]
        "numClasses",
        "how many classes there are, at least 2 and the highest label + 1; 0 for those that "
            "rows and the label's metadata show",
        typeConverter=TypeConverters.toInt,
    )

    numWorkers: "Param[int]" = Param(
        Params._dummy(),  # type: ignore[attr-defined,no-untyped-call,unused-ignore]
        "numWorkers",
        "ranks that train; 0 for one per task slot",
        typeConverter=TypeConverters.toInt,
    )

    optimizer: "Param[str]" = Param(
        Params._dummy(),  # type: ignore[attr-defined,no-untyped-call,unused-ignore]
        "optimizer",
        "adamW or sgd",
        typeConverter=TypeConverters.toString,
    )

    precision: "Param[str]" = Param(
        Params._dummy(),  # type: ignore[attr-defined,no-untyped-call,unused-ignore]
        "precision",
        "float32, or float16 with dynamic loss scaling",
        typeConverter=TypeConverters.toString,
    )

    priorBias: "Param[bool]" = Param(
        Params._dummy(),  # type: ignore[attr-defined,no-untyped-call,unused-ignore]
        "priorBias",
        "whether the bias of the output layer begins at the class frequencies",
        typeConverter=TypeConverters.toBoolean,
    )

    randomCropPadding: "Param[int]" = Param(
        Params._dummy(),  # type: ignore[attr-defined,no-untyped-call,unused-ignore]
        "randomCropPadding",
        "by how many pixels at most images are moved at random in training batches",
        typeConverter=TypeConverters.toInt,
    )

    randomHorizontalFlip: "Param[bool]" = Param(
        Params._dummy(),  # type: ignore[attr-defined,no-untyped-call,unused-ignore]
        "randomHorizontalFlip",
        "whether images are turned left to right, at random, in half of the rows of each "
            "training batch",
        typeConverter=TypeConverters.toBoolean,
    )

    reduction: "Param[str]" = Param(
        Params._dummy(),  # type: ignore[attr-defined,no-untyped-call,unused-ignore]
        "reduction",
        "what a batch's loss is divided by: mean (sum of sample weights) or weightedMean (sum "
            "of sample weight times alpha)",
        typeConverter=TypeConverters.toString,
    )

    resume: "Param[bool]" = Param(
        Params._dummy(),  # type: ignore[attr-defined,no-untyped-call,unused-ignore]
        "resume",
        "whether to go on from the newest checkpoint in checkpointDir, if there is one",
        typeConverter=TypeConverters.toBoolean,
    )

    seed: "Param[int]" = Param(
        Params._dummy(),  # type: ignore[attr-defined,no-untyped-call,unused-ignore]
        "seed",
        "decides initial weights, order of rows and dropout",
        typeConverter=TypeConverters.toInt,
    )

    standardization: "Param[bool]" = Param(
        Params._dummy(),  # type: ignore[attr-defined,no-untyped-call,unused-ignore]
        "standardization",
        "whether features are shifted and scaled to mean 0 and deviation 1 over the training "
            "rows",
        typeConverter=TypeConverters.toBoolean,
    )

    tensorBoardDir: "Param[str]" = Param(
        Params._dummy(),  # type: ignore[attr-defined,no-untyped-call,unused-ignore]
        "tensorBoardDir",
        "folder of any Hadoop file system that executors can write to, for TensorBoard's "
            "event files: a folder per training in it, the numbers of each epoch in that; empty "
            "for none",
        typeConverter=TypeConverters.toString,
    )

    thresholdTuning: "Param[str]" = Param(
        Params._dummy(),  # type: ignore[attr-defined,no-untyped-call,unused-ignore]
        "thresholdTuning",
        "chooses thresholds on the validation rows: none, f1, or recall=R",
        typeConverter=TypeConverters.toString,
    )

    torchScriptStandardization: "Param[bool]" = Param(
        Params._dummy(),  # type: ignore[attr-defined,no-untyped-call,unused-ignore]
        "torchScriptStandardization",
        "whether the features of a TorchScript network are standardized as those of other "
            "networks are",
        typeConverter=TypeConverters.toBoolean,
    )

    validationFraction: "Param[float]" = Param(
        Params._dummy(),  # type: ignore[attr-defined,no-untyped-call,unused-ignore]
        "validationFraction",
        "without a validationIndicatorCol, the part of the rows that choose the best epoch "
            "and are not trained on, none of fewer than 1,000 rows; 0 for none",
        typeConverter=TypeConverters.toFloat,
    )

    validationIndicatorCol: "Param[str]" = Param(
        Params._dummy(),  # type: ignore[attr-defined,no-untyped-call,unused-ignore]
        "validationIndicatorCol",
        "boolean column, true for rows that choose the best epoch and are not trained on; "
            "empty for those that validationFraction keeps aside",
        typeConverter=TypeConverters.toString,
    )

    validationMetric: "Param[str]" = Param(
        Params._dummy(),  # type: ignore[attr-defined,no-untyped-call,unused-ignore]
        "validationMetric",
        "what chooses the best epoch on the validation rows: loss, macroRecall, accuracy, "
            "macroF1, microF1, logLoss, prAuc or auc",
        typeConverter=TypeConverters.toString,
    )

    warmupFraction: "Param[float]" = Param(
        Params._dummy(),  # type: ignore[attr-defined,no-untyped-call,unused-ignore]
        "warmupFraction",
        "part of all steps over which the learning rate rises",
        typeConverter=TypeConverters.toFloat,
    )

    weightAveraging: "Param[float]" = Param(
        Params._dummy(),  # type: ignore[attr-defined,no-untyped-call,unused-ignore]
        "weightAveraging",
        "epochs over which weights are averaged; 0 for none; -1 for that of the network",
        typeConverter=TypeConverters.toFloat,
    )

    weightCol: "Param[str]" = Param(
        Params._dummy(),  # type: ignore[attr-defined,no-untyped-call,unused-ignore]
        "weightCol",
        "column of the sample weight; empty for weight 1",
        typeConverter=TypeConverters.toString,
    )

    weightDecay: "Param[float]" = Param(
        Params._dummy(),  # type: ignore[attr-defined,no-untyped-call,unused-ignore]
        "weightDecay",
        "decoupled for adamW, added to the gradient for sgd",
        typeConverter=TypeConverters.toFloat,
    )

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._setDefault(
            alpha="none",
            alphaFrom=-1.0,
            batchNorm=False,
            batchNormScope="global",
            batchSize=0,
            calibration="none",
            checkpointDir="",
            checkpointInterval=0,
            checkpointMinutes=10.0,
            device="auto",
            dropout=-1.0,
            earlyStoppingPatience=-1,
            frozenParameters=[],
            gamma=-1.0,
            gradientAccumulationSteps=1,
            gradientClipNorm=0.0,
            hiddenLayers=[0],
            initialModel="",
            inputShape=[],
            learningRate=0.0,
            learningRateFactors=[],
            learningRateSchedule="cosine",
            logitAdjustment=0.0,
            loss="auto",
            lossArguments=[],
            lossSearch=[],
            maxCategories=256,
            maxCheckpoints=2,
            maxIter=0,
            maxRestarts=3,
            momentum=0.9,
            network="auto",
            networkArguments=[],
            networkProvider="io.sparkfocal.network.MlpNetwork",
            numClasses=0,
            numWorkers=0,
            optimizer="adamW",
            precision="float32",
            priorBias=False,
            randomCropPadding=0,
            randomHorizontalFlip=False,
            reduction="mean",
            resume=False,
            seed=42,
            standardization=True,
            tensorBoardDir="",
            thresholdTuning="none",
            torchScriptStandardization=False,
            validationFraction=0.1,
            validationIndicatorCol="",
            validationMetric="loss",
            warmupFraction=0.0,
            weightAveraging=-1.0,
            weightCol="",
            weightDecay=0.01,
        )

    def getAlpha(self) -> str:
        """Value of alpha."""
        return self.getOrDefault(self.alpha)

    def setAlpha(self: _S, value: str) -> _S:
        """Sets alpha."""
        return self._set(alpha=value)

    def getAlphaFrom(self) -> float:
        """Value of alphaFrom."""
        return self.getOrDefault(self.alphaFrom)

    def setAlphaFrom(self: _S, value: float) -> _S:
        """Sets alphaFrom."""
        return self._set(alphaFrom=value)

    def getBatchNorm(self) -> bool:
        """Value of batchNorm."""
        return self.getOrDefault(self.batchNorm)

    def setBatchNorm(self: _S, value: bool) -> _S:
        """Sets batchNorm."""
        return self._set(batchNorm=value)

    def getBatchNormScope(self) -> str:
        """Value of batchNormScope."""
        return self.getOrDefault(self.batchNormScope)

    def setBatchNormScope(self: _S, value: str) -> _S:
        """Sets batchNormScope."""
        return self._set(batchNormScope=value)

    def getBatchSize(self) -> int:
        """Value of batchSize."""
        return self.getOrDefault(self.batchSize)

    def setBatchSize(self: _S, value: int) -> _S:
        """Sets batchSize."""
        return self._set(batchSize=value)

    def getCalibration(self) -> str:
        """Value of calibration."""
        return self.getOrDefault(self.calibration)

    def setCalibration(self: _S, value: str) -> _S:
        """Sets calibration."""
        return self._set(calibration=value)

    def getCheckpointDir(self) -> str:
        """Value of checkpointDir."""
        return self.getOrDefault(self.checkpointDir)

    def setCheckpointDir(self: _S, value: str) -> _S:
        """Sets checkpointDir."""
        return self._set(checkpointDir=value)

    def getCheckpointInterval(self) -> int:
        """Value of checkpointInterval."""
        return self.getOrDefault(self.checkpointInterval)

    def setCheckpointInterval(self: _S, value: int) -> _S:
        """Sets checkpointInterval."""
        return self._set(checkpointInterval=value)

    def getCheckpointMinutes(self) -> float:
        """Value of checkpointMinutes."""
        return self.getOrDefault(self.checkpointMinutes)

    def setCheckpointMinutes(self: _S, value: float) -> _S:
        """Sets checkpointMinutes."""
        return self._set(checkpointMinutes=value)

    def getDevice(self) -> str:
        """Value of device."""
        return self.getOrDefault(self.device)

    def setDevice(self: _S, value: str) -> _S:
        """Sets device."""
        return self._set(device=value)

    def getDropout(self) -> float:
        """Value of dropout."""
        return self.getOrDefault(self.dropout)

    def setDropout(self: _S, value: float) -> _S:
        """Sets dropout."""
        return self._set(dropout=value)

    def getEarlyStoppingPatience(self) -> int:
        """Value of earlyStoppingPatience."""
        return self.getOrDefault(self.earlyStoppingPatience)

    def setEarlyStoppingPatience(self: _S, value: int) -> _S:
        """Sets earlyStoppingPatience."""
        return self._set(earlyStoppingPatience=value)

    def getFrozenParameters(self) -> List[str]:
        """Value of frozenParameters."""
        return self.getOrDefault(self.frozenParameters)

    def setFrozenParameters(self: _S, value: List[str]) -> _S:
        """Sets frozenParameters."""
        return self._set(frozenParameters=value)

    def getGamma(self) -> float:
        """Value of gamma."""
        return self.getOrDefault(self.gamma)

    def setGamma(self: _S, value: float) -> _S:
        """Sets gamma."""
        return self._set(gamma=value)

    def getGradientAccumulationSteps(self) -> int:
        """Value of gradientAccumulationSteps."""
        return self.getOrDefault(self.gradientAccumulationSteps)

    def setGradientAccumulationSteps(self: _S, value: int) -> _S:
        """Sets gradientAccumulationSteps."""
        return self._set(gradientAccumulationSteps=value)

    def getGradientClipNorm(self) -> float:
        """Value of gradientClipNorm."""
        return self.getOrDefault(self.gradientClipNorm)

    def setGradientClipNorm(self: _S, value: float) -> _S:
        """Sets gradientClipNorm."""
        return self._set(gradientClipNorm=value)

    def getHiddenLayers(self) -> List[int]:
        """Value of hiddenLayers."""
        return self.getOrDefault(self.hiddenLayers)

    def setHiddenLayers(self: _S, value: List[int]) -> _S:
        """Sets hiddenLayers."""
        return self._set(hiddenLayers=value)

    def getInitialModel(self) -> Any:
        """Value of initialModel."""
        return self.getOrDefault(self.initialModel)

    def setInitialModel(self: _S, value: Any) -> _S:
        """Sets initialModel."""
        return self._set(initialModel=value)

    def getInputShape(self) -> List[int]:
        """Value of inputShape."""
        return self.getOrDefault(self.inputShape)

    def setInputShape(self: _S, value: List[int]) -> _S:
        """Sets inputShape."""
        return self._set(inputShape=value)

    def getLearningRate(self) -> float:
        """Value of learningRate."""
        return self.getOrDefault(self.learningRate)

    def setLearningRate(self: _S, value: float) -> _S:
        """Sets learningRate."""
        return self._set(learningRate=value)

    def getLearningRateFactors(self) -> List[str]:
        """Value of learningRateFactors."""
        return self.getOrDefault(self.learningRateFactors)

    def setLearningRateFactors(self: _S, value: List[str]) -> _S:
        """Sets learningRateFactors."""
        return self._set(learningRateFactors=value)

    def getLearningRateSchedule(self) -> str:
        """Value of learningRateSchedule."""
        return self.getOrDefault(self.learningRateSchedule)

    def setLearningRateSchedule(self: _S, value: str) -> _S:
        """Sets learningRateSchedule."""
        return self._set(learningRateSchedule=value)

    def getLogitAdjustment(self) -> float:
        """Value of logitAdjustment."""
        return self.getOrDefault(self.logitAdjustment)

    def setLogitAdjustment(self: _S, value: float) -> _S:
        """Sets logitAdjustment."""
        return self._set(logitAdjustment=value)

    def getLoss(self) -> str:
        """Value of loss."""
        return self.getOrDefault(self.loss)

    def setLoss(self: _S, value: str) -> _S:
        """Sets loss."""
        return self._set(loss=value)

    def getLossArguments(self) -> List[str]:
        """Value of lossArguments."""
        return self.getOrDefault(self.lossArguments)

    def setLossArguments(self: _S, value: List[str]) -> _S:
        """Sets lossArguments."""
        return self._set(lossArguments=value)

    def getLossSearch(self) -> List[str]:
        """Value of lossSearch."""
        return self.getOrDefault(self.lossSearch)

    def setLossSearch(self: _S, value: List[str]) -> _S:
        """Sets lossSearch."""
        return self._set(lossSearch=value)

    def getMaxCategories(self) -> int:
        """Value of maxCategories."""
        return self.getOrDefault(self.maxCategories)

    def setMaxCategories(self: _S, value: int) -> _S:
        """Sets maxCategories."""
        return self._set(maxCategories=value)

    def getMaxCheckpoints(self) -> int:
        """Value of maxCheckpoints."""
        return self.getOrDefault(self.maxCheckpoints)

    def setMaxCheckpoints(self: _S, value: int) -> _S:
        """Sets maxCheckpoints."""
        return self._set(maxCheckpoints=value)

    def getMaxIter(self) -> int:
        """Value of maxIter."""
        return self.getOrDefault(self.maxIter)

    def setMaxIter(self: _S, value: int) -> _S:
        """Sets maxIter."""
        return self._set(maxIter=value)

    def getMaxRestarts(self) -> int:
        """Value of maxRestarts."""
        return self.getOrDefault(self.maxRestarts)

    def setMaxRestarts(self: _S, value: int) -> _S:
        """Sets maxRestarts."""
        return self._set(maxRestarts=value)

    def getMomentum(self) -> float:
        """Value of momentum."""
        return self.getOrDefault(self.momentum)

    def setMomentum(self: _S, value: float) -> _S:
        """Sets momentum."""
        return self._set(momentum=value)

    def getNetwork(self) -> str:
        """Value of network."""
        return self.getOrDefault(self.network)

    def setNetwork(self: _S, value: str) -> _S:
        """Sets network."""
        return self._set(network=value)

    def getNetworkArguments(self) -> List[str]:
        """Value of networkArguments."""
        return self.getOrDefault(self.networkArguments)

    def setNetworkArguments(self: _S, value: List[str]) -> _S:
        """Sets networkArguments."""
        return self._set(networkArguments=value)

    def getNetworkProvider(self) -> str:
        """Value of networkProvider."""
        return self.getOrDefault(self.networkProvider)

    def setNetworkProvider(self: _S, value: str) -> _S:
        """Sets networkProvider."""
        return self._set(networkProvider=value)

    def getNumClasses(self) -> int:
        """Value of numClasses."""
        return self.getOrDefault(self.numClasses)

    def setNumClasses(self: _S, value: int) -> _S:
        """Sets numClasses."""
        return self._set(numClasses=value)

    def getNumWorkers(self) -> int:
        """Value of numWorkers."""
        return self.getOrDefault(self.numWorkers)

    def setNumWorkers(self: _S, value: int) -> _S:
        """Sets numWorkers."""
        return self._set(numWorkers=value)

    def getOptimizer(self) -> str:
        """Value of optimizer."""
        return self.getOrDefault(self.optimizer)

    def setOptimizer(self: _S, value: str) -> _S:
        """Sets optimizer."""
        return self._set(optimizer=value)

    def getPrecision(self) -> str:
        """Value of precision."""
        return self.getOrDefault(self.precision)

    def setPrecision(self: _S, value: str) -> _S:
        """Sets precision."""
        return self._set(precision=value)

    def getPriorBias(self) -> bool:
        """Value of priorBias."""
        return self.getOrDefault(self.priorBias)

    def setPriorBias(self: _S, value: bool) -> _S:
        """Sets priorBias."""
        return self._set(priorBias=value)

    def getRandomCropPadding(self) -> int:
        """Value of randomCropPadding."""
        return self.getOrDefault(self.randomCropPadding)

    def setRandomCropPadding(self: _S, value: int) -> _S:
        """Sets randomCropPadding."""
        return self._set(randomCropPadding=value)

    def getRandomHorizontalFlip(self) -> bool:
        """Value of randomHorizontalFlip."""
        return self.getOrDefault(self.randomHorizontalFlip)

    def setRandomHorizontalFlip(self: _S, value: bool) -> _S:
        """Sets randomHorizontalFlip."""
        return self._set(randomHorizontalFlip=value)

    def getReduction(self) -> str:
        """Value of reduction."""
        return self.getOrDefault(self.reduction)

    def setReduction(self: _S, value: str) -> _S:
        """Sets reduction."""
        return self._set(reduction=value)

    def getResume(self) -> bool:
        """Value of resume."""
        return self.getOrDefault(self.resume)

    def setResume(self: _S, value: bool) -> _S:
        """Sets resume."""
        return self._set(resume=value)

    def getSeed(self) -> int:
        """Value of seed."""
        return self.getOrDefault(self.seed)

    def setSeed(self: _S, value: int) -> _S:
        """Sets seed."""
        return self._set(seed=value)

    def getStandardization(self) -> bool:
        """Value of standardization."""
        return self.getOrDefault(self.standardization)

    def setStandardization(self: _S, value: bool) -> _S:
        """Sets standardization."""
        return self._set(standardization=value)

    def getTensorBoardDir(self) -> str:
        """Value of tensorBoardDir."""
        return self.getOrDefault(self.tensorBoardDir)

    def setTensorBoardDir(self: _S, value: str) -> _S:
        """Sets tensorBoardDir."""
        return self._set(tensorBoardDir=value)

    def getThresholdTuning(self) -> str:
        """Value of thresholdTuning."""
        return self.getOrDefault(self.thresholdTuning)

    def setThresholdTuning(self: _S, value: str) -> _S:
        """Sets thresholdTuning."""
        return self._set(thresholdTuning=value)

    def getTorchScriptStandardization(self) -> bool:
        """Value of torchScriptStandardization."""
        return self.getOrDefault(self.torchScriptStandardization)

    def setTorchScriptStandardization(self: _S, value: bool) -> _S:
        """Sets torchScriptStandardization."""
        return self._set(torchScriptStandardization=value)

    def getValidationFraction(self) -> float:
        """Value of validationFraction."""
        return self.getOrDefault(self.validationFraction)

    def setValidationFraction(self: _S, value: float) -> _S:
        """Sets validationFraction."""
        return self._set(validationFraction=value)

    def getValidationIndicatorCol(self) -> str:
        """Value of validationIndicatorCol."""
        return self.getOrDefault(self.validationIndicatorCol)

    def setValidationIndicatorCol(self: _S, value: str) -> _S:
        """Sets validationIndicatorCol."""
        return self._set(validationIndicatorCol=value)

    def getValidationMetric(self) -> str:
        """Value of validationMetric."""
        return self.getOrDefault(self.validationMetric)

    def setValidationMetric(self: _S, value: str) -> _S:
        """Sets validationMetric."""
        return self._set(validationMetric=value)

    def getWarmupFraction(self) -> float:
        """Value of warmupFraction."""
        return self.getOrDefault(self.warmupFraction)

    def setWarmupFraction(self: _S, value: float) -> _S:
        """Sets warmupFraction."""
        return self._set(warmupFraction=value)

    def getWeightAveraging(self) -> float:
        """Value of weightAveraging."""
        return self.getOrDefault(self.weightAveraging)

    def setWeightAveraging(self: _S, value: float) -> _S:
        """Sets weightAveraging."""
        return self._set(weightAveraging=value)

    def getWeightCol(self) -> str:
        """Value of weightCol."""
        return self.getOrDefault(self.weightCol)

    def setWeightCol(self: _S, value: str) -> _S:
        """Sets weightCol."""
        return self._set(weightCol=value)

    def getWeightDecay(self) -> float:
        """Value of weightDecay."""
        return self.getOrDefault(self.weightDecay)

    def setWeightDecay(self: _S, value: float) -> _S:
        """Sets weightDecay."""
        return self._set(weightDecay=value)


class _GeneratedClassifier(
    _JavaProbabilisticClassifier["FocalLossClassificationModel"], _ClassifierParams
):
    """Constructor and ``setParams``, by keywords."""

    _input_kwargs: Dict[str, Any]

    @keyword_only
    def __init__(
        self,
        *,
        alpha: Optional[str] = "none",
        alphaFrom: Optional[float] = -1.0,
        attributionCol: Optional[str] = "",
        batchNorm: Optional[bool] = False,
        batchNormScope: Optional[str] = "global",
        batchSize: Optional[int] = 0,
        calibration: Optional[str] = "none",
        checkpointDir: Optional[str] = "",
        checkpointInterval: Optional[int] = 0,
        checkpointMinutes: Optional[float] = 10.0,
        device: Optional[str] = "auto",
        dropout: Optional[float] = -1.0,
        earlyStoppingPatience: Optional[int] = -1,
        featuresCol: Optional[str] = "features",
        featuresCols: Optional[List[str]] = None,
        frozenParameters: Optional[List[str]] = None,
        gamma: Optional[float] = -1.0,
        gradientAccumulationSteps: Optional[int] = 1,
        gradientClipNorm: Optional[float] = 0.0,
        handleInvalid: Optional[str] = "keep",
        hiddenLayers: Optional[List[int]] = None,
        initialModel: Optional[Any] = "",
        inputShape: Optional[List[int]] = None,
        labelCol: Optional[str] = "label",
        learningRate: Optional[float] = 0.0,
        learningRateFactors: Optional[List[str]] = None,
        learningRateSchedule: Optional[str] = "cosine",
        logitAdjustment: Optional[float] = 0.0,
        loss: Optional[str] = "auto",
        lossArguments: Optional[List[str]] = None,
        lossSearch: Optional[List[str]] = None,
        maxCategories: Optional[int] = 256,
        maxCheckpoints: Optional[int] = 2,
        maxIter: Optional[int] = 0,
        maxRestarts: Optional[int] = 3,
        momentum: Optional[float] = 0.9,
        network: Optional[str] = "auto",
        networkArguments: Optional[List[str]] = None,
        networkProvider: Optional[str] = "io.sparkfocal.network.MlpNetwork",
        numClasses: Optional[int] = 0,
        numWorkers: Optional[int] = 0,
        optimizer: Optional[str] = "adamW",
        precision: Optional[str] = "float32",
        predictionCol: Optional[str] = "prediction",
        priorBias: Optional[bool] = False,
        probabilityCol: Optional[str] = "probability",
        randomCropPadding: Optional[int] = 0,
        randomHorizontalFlip: Optional[bool] = False,
        rawPredictionCol: Optional[str] = "rawPrediction",
        reduction: Optional[str] = "mean",
        resume: Optional[bool] = False,
        seed: Optional[int] = 42,
        standardization: Optional[bool] = True,
        tensorBoardDir: Optional[str] = "",
        thresholdTuning: Optional[str] = "none",
        thresholds: Optional[List[float]] = None,
        torchScriptStandardization: Optional[bool] = False,
        validationFraction: Optional[float] = 0.1,
        validationIndicatorCol: Optional[str] = "",
        validationMetric: Optional[str] = "loss",
        warmupFraction: Optional[float] = 0.0,
        weightAveraging: Optional[float] = -1.0,
        weightCol: Optional[str] = "",
        weightDecay: Optional[float] = 0.01,
    ) -> None:
        """
        :param alpha: class weights: auto (balanced, unless the loss balances by itself), none, balanced (n / (k n_c)), class-balanced(BETA), or one number per class separated by commas; one number alone is the weight of class 1 for sigmoidFocal (default none; auto, none, balanced, class-balanced(BETA) with BETA from 0 to below 1, or finite numbers of at least 0 separated by commas)
        :param alphaFrom: part of training after which the class weights hold; negative for what the loss's paper does (default -1.0; a finite number of at most 1)
        :param attributionCol: column of what each feature has to do with the score of the predicted class, a vector, by integrated gradients; empty for none (default empty; a text)
        :param batchNorm: whether hidden layers are normalised over the rows of all ranks (default false; true or false)
        :param batchNormScope: whether batch norm (of mlp, cnn and resnet18) is over the rows of all ranks (global) or of each rank alone (local) (default global; global or local)
        :param batchSize: rows of one step over all workers together; 0 for a number by the network and the rows (default 0; a finite number of at least 0)
        :param calibration: none, or temperature: divides the logits by a number chosen on the validation rows (default none; none or temperature)
        :param checkpointDir: folder of any Hadoop file system for checkpoints of a run that is not finished; empty for none (default empty; a text)
        :param checkpointInterval: steps from one checkpoint to the next; 0 for no such rule (default 0; a finite number of at least 0)
        :param checkpointMinutes: minutes from one checkpoint to the next; 0 for no such rule (default 10.0; a finite number of at least 0)
        :param device: auto (the GPU that Spark assigned, else the CPU), cpu or gpu (default auto; auto, cpu or gpu)
        :param dropout: share of hidden values that are zeroed while training; -1 for that of the network (default -1.0; from 0 to below 1, or -1)
        :param earlyStoppingPatience: epochs without a better validation metric after which training ends; 0 to run all epochs; -1 for half of them where maxIter is 0 (default -1; a finite number of at least -1)
        :param featuresCol: column of a vector or an array of numbers, or of images: the bytes of files, or what Spark's image source makes of them (default features; a text)
        :param featuresCols: columns of numbers, booleans, texts, dates, timestamps, vectors or arrays, in the order of the features; not to be set beside featuresCol (default none; texts)
        :param frozenParameters: regular expressions for whole names of parameters of a TorchScript network that keep their values (default none; texts)
        :param gamma: focusing exponent of the focal losses; -1 for that of the loss's paper (default -1.0; a finite number of at least 0, or -1)
        :param gradientAccumulationSteps: into how many parts each worker cuts its rows of a step, for less memory; 0 for as few as memory suffices for (default 1; a finite number of at least 0)
        :param gradientClipNorm: largest Euclidean norm of the gradient; 0 for no limit (default 0.0; a finite number of at least 0)
        :param handleInvalid: what is done with rows that have a missing feature: error, skip (leave them out) or keep (a value that the tabular network learns; other networks take it as error) (default keep; error, skip or keep)
        :param hiddenLayers: widths of the hidden layers; 0 alone for those of the network (default [0]; widths of at least 1 each, or 0 alone)
        :param initialModel: a model, or the path of a saved one, whose weights the training begins with: of the same network, or of one that differs in its output layer alone (default empty; a model, or a path)
        :param inputShape: shape in which a network takes a row, without the batch: channels, height and width for cnn and resnet18 and for columns with images; empty for a vector (default none; widths of at least 1 each)
        :param labelCol: column of the label, whole numbers from 0; or of several labels of a row, an array or a vector of numbers from 0 to 1 (default label; a text)
        :param learningRate: highest learning rate; not multiplied by the number of workers; 0 for that of the network (default 0.0; a finite number of at least 0)
        :param learningRateFactors: what the learning rate of parameters of a TorchScript network is multiplied by, each as pattern=factor (default none; texts of the form name=value)
        :param learningRateSchedule: cosine or constant (default cosine; cosine or constant)
        :param logitAdjustment: tau of a logit adjustment after training; 0 for none (default 0.0; a finite number of at least 0)
        :param loss: crossEntropy, focal, sigmoidCrossEntropy, sigmoidFocal, balancedSoftmax, logitAdjusted, ldam, asymmetric, polyFocal, varifocal, qualityFocal, dice, tversky, focalTversky, ghm, seesaw, dualFocal, flsd, a class name, or auto: focal if gamma is set, else crossEntropy (default auto; crossEntropy, focal, sigmoidCrossEntropy, sigmoidFocal, balancedSoftmax, logitAdjusted, ldam, asymmetric, polyFocal, varifocal, qualityFocal, dice, tversky, focalTversky, ghm, seesaw, dualFocal, flsd, or the name of a class that implements io.sparkfocal.losses.ClassificationLoss)
        :param lossArguments: numbers of the loss, each as name=number (default none; texts of the form name=value)
        :param lossSearch: losses to try on the validation rows, each as "focal gamma=1 alpha=balanced", with no class weights where alpha is left out; "default" alone for a usual set (default none; crossEntropy, focal, sigmoidCrossEntropy, sigmoidFocal, balancedSoftmax, logitAdjusted, ldam, asymmetric, polyFocal, varifocal, qualityFocal, dice, tversky, focalTversky, ghm, seesaw, dualFocal, flsd, or the name of a class that implements io.sparkfocal.losses.ClassificationLoss)
        :param maxCategories: how many values of a category have an embedding of their own (default 256; a finite number of at least 1)
        :param maxCheckpoints: how many of the newest checkpoints are kept, at least 1 (default 2; a finite number of at least 1)
        :param maxIter: epochs: passes over the training rows, at most; 0 for a number by the network and the rows (default 0; a finite number of at least 0)
        :param maxRestarts: how often training begins again, from the newest checkpoint, after a failure that may pass (default 3; a finite number of at least 0)
        :param momentum: momentum of sgd (default 0.9; from 0 to below 1)
        :param network: tabular (for columns, which may be categories or missing), mlp (a multilayer perceptron of numbers), linear, cnn, resnet18, torchscript:PATH, or auto: by the columns and the params that are set (default auto; auto, tabular, mlp, linear, cnn, resnet18 or torchscript:PATH, or networkProvider a class of your own)
        :param networkArguments: arguments of a provider of one's own, each as name=value (default none; texts of the form name=value)
        :param networkProvider: class name of the NetworkProvider that builds the network (default io.sparkfocal.network.MlpNetwork; a text)
        :param numClasses: how many classes there are, at least 2 and the highest label + 1; 0 for those that rows and the label's metadata show (default 0; 0, or from 2 to 100000)
        :param numWorkers: ranks that train; 0 for one per task slot (default 0; a finite number of at least 0)
        :param optimizer: adamW or sgd (default adamW; adamW or sgd)
        :param precision: float32, or float16 with dynamic loss scaling (default float32; float32 or float16)
        :param predictionCol: column of the predicted class, a double, or of several labels the array of their indices; empty for none (default prediction; a text)
        :param priorBias: whether the bias of the output layer begins at the class frequencies (default false; true or false)
        :param probabilityCol: column of the class probabilities, a vector; empty for none (default probability; a text)
        :param randomCropPadding: by how many pixels at most images are moved at random in training batches (default 0; a finite number of at least 0)
        :param randomHorizontalFlip: whether images are turned left to right, at random, in half of the rows of each training batch (default false; true or false)
        :param rawPredictionCol: column of the logits, a vector, with two classes minus and plus the margin or half of it; empty for none (default rawPrediction; a text)
        :param reduction: what a batch's loss is divided by: mean (sum of sample weights) or weightedMean (sum of sample weight times alpha) (default mean; mean or weightedMean)
        :param resume: whether to go on from the newest checkpoint in checkpointDir, if there is one (default false; true or false)
        :param seed: decides initial weights, order of rows and dropout (default 42; a whole number)
        :param standardization: whether features are shifted and scaled to mean 0 and deviation 1 over the training rows (default true; true or false)
        :param tensorBoardDir: folder of any Hadoop file system that executors can write to, for TensorBoard's event files: a folder per training in it, the numbers of each epoch in that; empty for none (default empty; a text)
        :param thresholdTuning: chooses thresholds on the validation rows: none, f1, or recall=R (default none; none, f1, or recall=R with R above 0 and at most 1)
        :param thresholds: one number per class; the class with the largest probability / threshold is predicted; of several labels each from its threshold on, 0.5 without any (default not set; numbers)
        :param torchScriptStandardization: whether the features of a TorchScript network are standardized as those of other networks are (default false; true or false)
        :param validationFraction: without a validationIndicatorCol, the part of the rows that choose the best epoch and are not trained on, none of fewer than 1,000 rows; 0 for none (default 0.1; from 0 to below 1)
        :param validationIndicatorCol: boolean column, true for rows that choose the best epoch and are not trained on; empty for those that validationFraction keeps aside (default empty; a text)
        :param validationMetric: what chooses the best epoch on the validation rows: loss, macroRecall, accuracy, macroF1, microF1, logLoss, prAuc or auc (default loss; loss, macroRecall, accuracy, macroF1, microF1, logLoss, prAuc or auc)
        :param warmupFraction: part of all steps over which the learning rate rises (default 0.0; from 0 to below 1)
        :param weightAveraging: epochs over which weights are averaged; 0 for none; -1 for that of the network (default -1.0; a finite number of at least -1)
        :param weightCol: column of the sample weight; empty for weight 1 (default empty; a text)
        :param weightDecay: decoupled for adamW, added to the gradient for sgd (default 0.01; a finite number of at least 0)
        """
        super().__init__()
        self._java_obj = self._new_java_obj("io.sparkfocal.ml.FocalLossClassifier", self.uid)
        self._set(**self._input_kwargs)

    @keyword_only
    def setParams(
        self: _S,
        *,
        alpha: Optional[str] = "none",
        alphaFrom: Optional[float] = -1.0,
        attributionCol: Optional[str] = "",
        batchNorm: Optional[bool] = False,
        batchNormScope: Optional[str] = "global",
        batchSize: Optional[int] = 0,
        calibration: Optional[str] = "none",
        checkpointDir: Optional[str] = "",
        checkpointInterval: Optional[int] = 0,
        checkpointMinutes: Optional[float] = 10.0,
        device: Optional[str] = "auto",
        dropout: Optional[float] = -1.0,
        earlyStoppingPatience: Optional[int] = -1,
        featuresCol: Optional[str] = "features",
        featuresCols: Optional[List[str]] = None,
        frozenParameters: Optional[List[str]] = None,
        gamma: Optional[float] = -1.0,
        gradientAccumulationSteps: Optional[int] = 1,
        gradientClipNorm: Optional[float] = 0.0,
        handleInvalid: Optional[str] = "keep",
        hiddenLayers: Optional[List[int]] = None,
        initialModel: Optional[Any] = "",
        inputShape: Optional[List[int]] = None,
        labelCol: Optional[str] = "label",
        learningRate: Optional[float] = 0.0,
        learningRateFactors: Optional[List[str]] = None,
        learningRateSchedule: Optional[str] = "cosine",
        logitAdjustment: Optional[float] = 0.0,
        loss: Optional[str] = "auto",
        lossArguments: Optional[List[str]] = None,
        lossSearch: Optional[List[str]] = None,
        maxCategories: Optional[int] = 256,
        maxCheckpoints: Optional[int] = 2,
        maxIter: Optional[int] = 0,
        maxRestarts: Optional[int] = 3,
        momentum: Optional[float] = 0.9,
        network: Optional[str] = "auto",
        networkArguments: Optional[List[str]] = None,
        networkProvider: Optional[str] = "io.sparkfocal.network.MlpNetwork",
        numClasses: Optional[int] = 0,
        numWorkers: Optional[int] = 0,
        optimizer: Optional[str] = "adamW",
        precision: Optional[str] = "float32",
        predictionCol: Optional[str] = "prediction",
        priorBias: Optional[bool] = False,
        probabilityCol: Optional[str] = "probability",
        randomCropPadding: Optional[int] = 0,
        randomHorizontalFlip: Optional[bool] = False,
        rawPredictionCol: Optional[str] = "rawPrediction",
        reduction: Optional[str] = "mean",
        resume: Optional[bool] = False,
        seed: Optional[int] = 42,
        standardization: Optional[bool] = True,
        tensorBoardDir: Optional[str] = "",
        thresholdTuning: Optional[str] = "none",
        thresholds: Optional[List[float]] = None,
        torchScriptStandardization: Optional[bool] = False,
        validationFraction: Optional[float] = 0.1,
        validationIndicatorCol: Optional[str] = "",
        validationMetric: Optional[str] = "loss",
        warmupFraction: Optional[float] = 0.0,
        weightAveraging: Optional[float] = -1.0,
        weightCol: Optional[str] = "",
        weightDecay: Optional[float] = 0.01,
    ) -> _S:
        """Sets params; the constructor says what each means."""
        return self._set(**self._input_kwargs)  # type: ignore[attr-defined]
