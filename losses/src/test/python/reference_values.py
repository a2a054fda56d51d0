"""Prints values and gradients of every loss, from the formulas of the papers, as a JSON array.

    pip install mpmath
    python3 losses/src/test/python/reference_values.py \
        > losses/src/test/resources/io/sparkfocal/losses/reference-values.json

A gradient is a central difference of the formula as it stands, with a step so small that nothing of
it is left in a double. What a loss holds constant in its gradient is computed before any step.
Parameters are rounded to float32 first, as the losses take floats; logits, targets and sample
weights are exact in float32.
"""

import json
import struct
from collections.abc import Callable
from typing import Any, NamedTuple

from mpmath import diff, exp, floor, log, mp, mpf

# Logits are up to 2000 apart: 1 - p then loses 869 digits, and more than 60 are left.
mp.dps = 1000

Vector = list[mpf]


class Row(NamedTuple):
    """A row's value as a function of its logits, and what its gradient is multiplied by."""

    value: Callable[[Vector], mpf]
    gradient_scale: mpf = mpf(1)


class Batch(NamedTuple):
    """Rows of logits; the truth of a row is its label, or its targets for a sigmoid loss."""

    logits: list[Vector]
    truths: list
    weights: Vector


def softmax(z: Vector) -> Vector:
    powers = [exp(x) for x in z]
    return [power / sum(powers) for power in powers]


def sigmoid(x: mpf) -> mpf:
    return 1 / (1 + exp(-x))


def clear_of(kink: mpf, number: mpf) -> None:
    assert abs(number - kink) > 1e-3, f"{float(number)} is next to the kink at {float(kink)}"


# Softmax losses of one row.


def cross_entropy(z, label, labelSmoothing):
    losses = [-log(p) for p in softmax(z)]
    return (1 - labelSmoothing) * losses[label] + labelSmoothing * sum(losses) / len(losses)


def focal(z, label, gamma):
    p = softmax(z)[label]
    return (1 - p) ** gamma * -log(p)


def logit_adjusted(z, label, tau, counts):
    priors = [n / sum(counts) for n in counts]
    return -log(softmax([x + tau * log(prior) for x, prior in zip(z, priors)])[label])


def ldam(z, label, maxMargin, scale, counts):
    margin = maxMargin * (counts[label] / min(counts)) ** mpf(-0.25)
    shifted = [x - margin if c == label else x for c, x in enumerate(z)]
    return -log(softmax([scale * x for x in shifted])[label])


def poly_focal(z, label, gamma, epsilon):
    p = softmax(z)[label]
    return (1 - p) ** gamma * -log(p) + epsilon * (1 - p) ** (gamma + 1)


def dual_focal(z, label, gamma):
    for c, x in enumerate(z):
        for other in z[:c]:
            clear_of(other, x)
    probabilities = softmax(z)
    p = probabilities[label]
    runner_up = max((other for other in probabilities if other < p), default=mpf(0))
    return (1 - p + runner_up) ** gamma * -log(p)


def flsd(z, label):
    p = softmax(z)[label]
    boundary = as_float32(0.2)
    clear_of(boundary, p)
    return (1 - p) ** (5 if p < boundary else 3) * -log(p)


# Sigmoid losses of one logit.


def sigmoid_focal(x, target, gamma, alpha):
    s = sigmoid(x)
    if target == 1:
        return -alpha * (1 - s) ** gamma * log(s)
    return -(1 - alpha) * s**gamma * log(1 - s)


def asymmetric(x, target, gammaPositive, gammaNegative, margin):
    s = sigmoid(x)
    if target == 1:
        return -((1 - s) ** gammaPositive) * log(s)
    if margin > 0:
        clear_of(margin, s)
    shifted = max(s - margin, 0)
    return -(shifted**gammaNegative) * log(1 - shifted)


def binary_cross_entropy(s, target):
    return -(target * log(s) + (1 - target) * log(1 - s))


def varifocal(x, target, alpha, gamma):
    s = sigmoid(x)
    if target > 0:
        return target * binary_cross_entropy(s, target)
    return -alpha * s**gamma * log(1 - s)


def quality_focal(x, target, beta):
    s = sigmoid(x)
    if 0 < target < 1:
        clear_of(target, s)
    return abs(target - s) ** beta * binary_cross_entropy(s, target)


# Losses of a batch.


def ghm(batch, bins):
    def bin_of(z, label):
        difficulty = 1 - softmax(z)[label]
        for edge in range(1, int(bins)):
            clear_of(edge, difficulty * bins)
        return min(floor(difficulty * bins), bins - 1)

    bins_of_rows = [bin_of(z, label) for z, label in zip(batch.logits, batch.truths)]

    def row(own_bin, label):
        in_bin = sum(w for w, other in zip(batch.weights, bins_of_rows) if other == own_bin)
        factor = sum(batch.weights) / (in_bin * bins)
        return Row(lambda z: factor * -log(softmax(z)[label]))

    return [row(own_bin, label) for own_bin, label in zip(bins_of_rows, batch.truths)]


def seesaw(batch, p, q, minScore):
    classes = range(len(batch.logits[0]))
    log_counts = [log(max(batch.truths.count(c), 1)) for c in classes]

    def row(base, label):
        log_p = [log(probability) for probability in softmax(base)]
        score = max(log_p[label], log(minScore))
        mitigation = [p * min(0, log_counts[c] - log_counts[label]) for c in classes]
        compensation = [q * max(0, log_p[c] - score) for c in classes]
        shift = [m + k for m, k in zip(mitigation, compensation)]
        shift[label] = mpf(0)
        return Row(lambda z: -log(softmax([x + s for x, s in zip(z, shift)])[label]))

    return [row(z, label) for z, label in zip(batch.logits, batch.truths)]


def tversky(batch, alpha, beta, gamma, smooth):
    single = len(batch.logits[0]) == 1
    foreground = {1} if single else set(batch.truths)

    def loss(logits):
        terms = []
        for c in foreground:
            hit = missed = false_alarm = mpf(0)
            for z, label, w in zip(logits, batch.truths, batch.weights):
                p = sigmoid(z[0]) if single else softmax(z)[c]
                if label == c:
                    hit += w * p
                    missed += w * (1 - p)
                else:
                    false_alarm += w * p
            ratio = (hit + smooth) / (hit + alpha * missed + beta * false_alarm + smooth)
            terms.append((1 - ratio) ** gamma)
        return sum(terms) / len(terms)

    def row(i, weight):
        return Row(
            lambda z: loss(batch.logits[:i] + [z] + batch.logits[i + 1 :]),
            sum(batch.weights) / weight,
        )

    return [row(i, weight) for i, weight in enumerate(batch.weights)]


def by_row(formula):
    """A loss of a batch from that of a row."""

    def rows(batch, **params):
        return [Row(lambda z, label=label: formula(z, label, **params)) for label in batch.truths]

    return rows


def by_element(formula):
    """A loss of a batch from that of a logit; a row's value is the sum over its logits."""

    def value(z, targets, **params):
        return sum(formula(x, target, **params) for x, target in zip(z, targets))

    return by_row(value)


SOFTMAX_LOSSES = {
    "crossEntropy": by_row(cross_entropy),
    "focal": by_row(focal),
    "logitAdjusted": by_row(logit_adjusted),
    "ldam": by_row(ldam),
    "polyFocal": by_row(poly_focal),
    "dualFocal": by_row(dual_focal),
    "flsd": by_row(flsd),
    "ghm": ghm,
    "seesaw": seesaw,
    "tversky": tversky,
}
SIGMOID_LOSSES = {
    "sigmoidFocal": by_element(sigmoid_focal),
    "asymmetric": by_element(asymmetric),
    "varifocal": by_element(varifocal),
    "qualityFocal": by_element(quality_focal),
}


def as_float32(number):
    """The number, or each of a list, rounded to float32."""
    if isinstance(number, list):
        return [as_float32(element) for element in number]
    return mpf(struct.unpack("f", struct.pack("f", number))[0])


def exact(numbers: list) -> Vector:
    assert numbers == as_float32(numbers), f"{numbers} are not exact in float32"
    return [mpf(number) for number in numbers]


def as_double(number: mpf) -> float:
    return float(number) + 0.0  # No -0.0.


def one_hot(label: int, classes: int) -> list[int]:
    return [label] if classes == 1 else [int(c == label) for c in range(classes)]


def gradient(row: Row, z: Vector) -> list[float]:
    def along(c):
        return lambda x: row.value(z[:c] + [x] + z[c + 1 :])

    return [as_double(row.gradient_scale * diff(along(c), x)) for c, x in enumerate(z)]


def evaluated(case: dict[str, Any]) -> dict[str, Any]:
    """The case with its values and gradients."""
    name = case["loss"]
    logits = [exact(z) for z in case["logits"]]
    truths = case.get("labels")
    if name in SIGMOID_LOSSES:
        targets = case.get("targets") or [one_hot(label, len(logits[0])) for label in truths]
        truths = [exact(row) for row in targets]
    weights = exact(case.get("sampleWeights", [1] * len(logits)))
    params = {key: as_float32(value) for key, value in case["params"].items()}
    rows = (SOFTMAX_LOSSES | SIGMOID_LOSSES)[name](Batch(logits, truths, weights), **params)
    return case | {
        "values": [as_double(row.value(z)) for row, z in zip(rows, logits)],
        "gradients": [gradient(row, z) for row, z in zip(rows, logits)],
    }


# Batches.

ONE_OF_TWO = {"logits": [[1.5, -0.5]], "labels": [1]}
TWO = {"logits": [[1.5, -0.5], [-0.25, 0.5], [0.75, 3]], "labels": [0, 0, 1]}
ONE_OF_THREE = {"logits": [[2, -1, 0.5]], "labels": [1]}
THREE = {
    "logits": [[2, -1, 0.5], [0.25, 1.75, -2], [-0.5, 0, 0.5], [3, -0.75, 1]],
    "labels": [1, 1, 2, 0],
}
COMMON_FIRST = {
    "logits": [[2, -1, 0.5], [0.25, 1.75, -2], [-0.5, 0, 0.5], [3, -0.75, 5]],
    "labels": [0, 0, 1, 0],
}
FIVE = {
    "logits": [[1, 0, -1, 2, 0.5], [-3, 0.25, 1.25, -0.5, 0], [0.5, -1.5, 4, 1, -2]],
    "labels": [3, 0, 4],
}
TIED = {"logits": [[0, 0, 0], [1, 1, -2], [1, 1, -2]], "labels": [2, 0, 2]}
TIED_TWO = {"logits": [[0, 0]], "labels": [0]}
TWENTY = {"logits": [[20, 0], [20, 0]], "labels": [0, 1]}
THOUSANDS = {
    "logits": [[1000, -1000, 0], [1000, -1000, 0], [1000, -1000, 0]],
    "labels": [0, 1, 2],
}
COSINES = {
    "logits": [[0.75, -0.25, 0.5], [0.5, 0.625, -0.75], [-0.5, 0, 0.25]],
    "labels": [0, 1, 2],
}
WEIGHTS = {"sampleWeights": [0.5, 2, 1.25, 3]}

ONE_LOGIT = {"logits": [[1.5]], "labels": [0]}
LOGITS = {"logits": [[1.5], [-0.5], [0], [-2.25]], "labels": [1, 0, 1, 1]}
LARGE_LOGITS = {"logits": [[1000], [-1000], [20], [-20]], "labels": [0, 1, 1, 0]}
SURE_LOGITS = {"logits": [[1000], [-1000], [20], [-20]], "labels": [1, 0, 0, 1]}
ZEROS = {"logits": [[0, 0, 0]], "labels": [1]}
SEVERAL_OF_TWO = {"logits": [[0.5, -1.5], [2, 0.25], [-3, 1]], "targets": [[1, 1], [0, 0], [0, 1]]}
SEVERAL_OF_THREE = {
    "logits": [[1.5, -0.5, 0.25], [-2, 3, 0.75], [0, -1, 4]],
    "targets": [[1, 0, 1], [0, 0, 0], [1, 1, 1]],
}
SEVERAL_OF_FIVE = {"logits": [[-3, 0.5, 2, -0.75, 1.25]], "targets": [[0, 1, 0, 0, 1]]}
QUALITY_OF_ONE = {"logits": [[1.5], [-0.5], [0.25], [3]], "targets": [[0.5], [0.75], [0], [1]]}
QUALITY_OF_TWO = {"logits": [[0.5, -1.5], [2, 0.25]], "targets": [[0.25, 0], [1, 0.75]]}
QUALITY_OF_THREE = {
    "logits": [[1.5, -0.5, 0.25], [-2, 3, 0.75], [0.5, -1, 4]],
    "targets": [[0.75, 0, 0.25], [0, 0.125, 1], [1, 0.5, 0.875]],
}
QUALITY_OF_FIVE = {"logits": [[-3, 0.5, 2, -0.75, 1.25]], "targets": [[0.5, 0, 0.625, 0.0625, 1]]}
LARGE_QUALITY = {
    "logits": [[1000, -1000, 20], [-1000, 1000, -20]],
    "targets": [[0.25, 0.75, 0.5], [1, 0, 0.5]],
}

# Parameters and batches of each loss.

TWO_COUNTS = [160, 10]
THREE_COUNTS = [1000, 100, 10]
FIVE_COUNTS = [5000, 70, 1, 300, 12]
SEESAW = {"p": 0.8, "q": 2, "minScore": 0.01}
DICE = {"alpha": 0.5, "beta": 0.5, "gamma": 1, "smooth": 1e-6}
RECALL = {"alpha": 0.7, "beta": 0.3, "gamma": 1, "smooth": 1e-6}
FOCAL_TVERSKY = RECALL | {"gamma": 0.75}
VARIFOCAL = {"alpha": 0.75, "gamma": 2}
ASYMMETRIC = {"gammaPositive": 1, "gammaNegative": 4, "margin": 0.05}
SQUARED_NEGATIVES = {"gammaPositive": 0, "gammaNegative": 2, "margin": 0}

CASES = {
    "crossEntropy": [
        ({"labelSmoothing": 0}, ONE_OF_TWO),
        ({"labelSmoothing": 0}, THREE),
        ({"labelSmoothing": 0}, TWENTY),
        ({"labelSmoothing": 0}, THOUSANDS),
        ({"labelSmoothing": 0.1}, TWO),
        ({"labelSmoothing": 0.1}, ONE_OF_THREE),
        ({"labelSmoothing": 0.25}, FIVE),
        ({"labelSmoothing": 0.1}, TIED),
        ({"labelSmoothing": 0.1}, THOUSANDS),
    ],
    "focal": [
        ({"gamma": 2}, ONE_OF_THREE),
        ({"gamma": 2}, TWO),
        ({"gamma": 0}, THREE),
        ({"gamma": 0.5}, FIVE),
        ({"gamma": 1}, TIED),
        ({"gamma": 0.5}, TIED_TWO),
        ({"gamma": 5}, THREE),
        ({"gamma": 0.5}, TWENTY),
        ({"gamma": 5}, TWENTY),
        ({"gamma": 2}, THOUSANDS),
    ],
    "logitAdjusted": [
        ({"tau": 1, "counts": TWO_COUNTS}, ONE_OF_TWO),
        ({"tau": 1, "counts": THREE_COUNTS}, THREE),
        ({"tau": 0.5, "counts": THREE_COUNTS}, TIED),
        ({"tau": 1, "counts": FIVE_COUNTS}, FIVE),
        ({"tau": 0, "counts": THREE_COUNTS}, THREE),
        ({"tau": 0.5, "counts": TWO_COUNTS}, TWENTY),
        ({"tau": 1, "counts": THREE_COUNTS}, THOUSANDS),
    ],
    "ldam": [
        ({"maxMargin": 0.5, "scale": 30, "counts": THREE_COUNTS}, COSINES),
        ({"maxMargin": 0.5, "scale": 1, "counts": THREE_COUNTS}, THREE),
        ({"maxMargin": 0.5, "scale": 1, "counts": TWO_COUNTS}, ONE_OF_TWO),
        ({"maxMargin": 0.75, "scale": 2, "counts": FIVE_COUNTS}, FIVE),
        ({"maxMargin": 0.5, "scale": 1, "counts": THREE_COUNTS}, TIED),
        ({"maxMargin": 0.5, "scale": 1, "counts": TWO_COUNTS}, TWENTY),
        ({"maxMargin": 0.5, "scale": 30, "counts": THREE_COUNTS}, THOUSANDS),
    ],
    "polyFocal": [
        ({"gamma": 2, "epsilon": 1}, THREE),
        ({"gamma": 0, "epsilon": 1}, FIVE),
        ({"gamma": 0.5, "epsilon": -0.5}, THREE),
        ({"gamma": 1, "epsilon": -1}, ONE_OF_TWO),
        ({"gamma": 5, "epsilon": 2}, TWO),
        ({"gamma": 2, "epsilon": 1}, TIED),
        ({"gamma": 2, "epsilon": -0.5}, TWENTY),
        ({"gamma": 0.5, "epsilon": 1}, THOUSANDS),
    ],
    "dualFocal": [
        ({"gamma": 5}, ONE_OF_THREE),
        ({"gamma": 5}, THREE),
        ({"gamma": 0}, THREE),
        ({"gamma": 2}, FIVE),
        ({"gamma": 0.5}, TWO),
        ({"gamma": 1}, TWENTY),
        ({"gamma": 0.5}, THOUSANDS),
    ],
    "flsd": [
        ({}, ONE_OF_TWO),
        ({}, TWO),
        ({}, THREE),
        ({}, FIVE),
        ({}, TIED),
        ({}, TWENTY),
        ({}, THOUSANDS),
    ],
    "ghm": [
        ({"bins": 10}, ONE_OF_THREE),
        ({"bins": 10}, THREE),
        ({"bins": 5}, THREE),
        ({"bins": 10}, COMMON_FIRST | WEIGHTS),
        ({"bins": 5}, COMMON_FIRST | WEIGHTS),
        ({"bins": 5}, TWO),
        ({"bins": 10}, FIVE),
        ({"bins": 5}, TIED),
        ({"bins": 10}, TWENTY),
        ({"bins": 10}, THOUSANDS),
    ],
    "seesaw": [
        (SEESAW, ONE_OF_THREE),
        (SEESAW, THREE),
        (SEESAW, COMMON_FIRST),
        (SEESAW | {"p": 0.5, "q": 0}, COMMON_FIRST),
        (SEESAW | {"p": 0, "q": 1}, FIVE),
        (SEESAW, TWO),
        (SEESAW, TIED),
        (SEESAW, TWENTY),
        (SEESAW, THOUSANDS),
    ],
    "tversky": [
        (DICE, THREE),
        (DICE, ONE_OF_TWO),
        (DICE, TIED),
        (RECALL, COMMON_FIRST | WEIGHTS),
        (FOCAL_TVERSKY, FIVE),
        (FOCAL_TVERSKY, THREE | WEIGHTS),
        (FOCAL_TVERSKY, LOGITS),
        (RECALL, LOGITS | WEIGHTS),
        (DICE, TWENTY),
        (RECALL, THOUSANDS),
    ],
    "sigmoidFocal": [
        ({"gamma": 2, "alpha": 0.25}, ONE_LOGIT),
        ({"gamma": 2, "alpha": 0.25}, LOGITS),
        ({"gamma": 0, "alpha": 0.5}, THREE),
        ({"gamma": 0.5, "alpha": 0.25}, SEVERAL_OF_THREE),
        ({"gamma": 1, "alpha": 0.75}, SEVERAL_OF_TWO),
        ({"gamma": 5, "alpha": 0.25}, SEVERAL_OF_FIVE),
        ({"gamma": 2, "alpha": 0.25}, ZEROS),
        ({"gamma": 2, "alpha": 0.25}, LARGE_LOGITS),
        ({"gamma": 0.5, "alpha": 0.25}, SURE_LOGITS),
        ({"gamma": 2, "alpha": 0.25}, THOUSANDS),
    ],
    "asymmetric": [
        (ASYMMETRIC, ONE_LOGIT),
        (ASYMMETRIC, LOGITS),
        (ASYMMETRIC, SEVERAL_OF_THREE),
        (SQUARED_NEGATIVES, SEVERAL_OF_TWO),
        (SQUARED_NEGATIVES, THREE),
        ({"gammaPositive": 2, "gammaNegative": 0.5, "margin": 0.25}, SEVERAL_OF_FIVE),
        (ASYMMETRIC, ZEROS),
        (ASYMMETRIC, LARGE_LOGITS),
        (SQUARED_NEGATIVES, LARGE_LOGITS),
        (ASYMMETRIC, THOUSANDS),
    ],
    "varifocal": [
        (VARIFOCAL, ONE_LOGIT),
        (VARIFOCAL, LOGITS),
        (VARIFOCAL, QUALITY_OF_ONE),
        (VARIFOCAL, QUALITY_OF_THREE),
        ({"alpha": 1, "gamma": 0}, QUALITY_OF_TWO),
        ({"alpha": 0.5, "gamma": 0.5}, QUALITY_OF_FIVE),
        (VARIFOCAL, THREE),
        (VARIFOCAL, ZEROS),
        (VARIFOCAL, LARGE_LOGITS),
        (VARIFOCAL, LARGE_QUALITY),
    ],
    "qualityFocal": [
        ({"beta": 2}, ONE_LOGIT),
        ({"beta": 2}, LOGITS),
        ({"beta": 2}, QUALITY_OF_ONE),
        ({"beta": 2}, QUALITY_OF_THREE),
        ({"beta": 1}, QUALITY_OF_TWO),
        ({"beta": 5}, QUALITY_OF_FIVE),
        ({"beta": 1.5}, THREE),
        ({"beta": 2}, ZEROS),
        ({"beta": 2}, LARGE_LOGITS),
        ({"beta": 1}, LARGE_QUALITY),
    ],
}


def check(case: dict[str, Any], value: float, *slopes: float) -> None:
    """Fails unless the first row has the known value and gradient."""
    result = evaluated(case)
    actuals = [result["values"][0], *result["gradients"][0]]
    for actual, known in zip(actuals, [value, *slopes], strict=True):
        assert abs(actual - known) < 1e-11 * abs(known), f"{actual} should be {known}"


def main() -> None:
    check(
        {"loss": "crossEntropy", "params": {"labelSmoothing": 0}} | ONE_OF_THREE,
        3.24131129666,
        0.785597034589,
        -0.960887426729,
        0.17529039214,
    )
    check(
        {"loss": "focal", "params": {"gamma": 2}} | ONE_OF_THREE,
        2.99271778208,
        0.916744308815,
        -1.12129761326,
        0.204553304441,
    )
    check(
        {"loss": "sigmoidFocal", "params": {"gamma": 2, "alpha": 0.25}} | ONE_LOGIT,
        0.852954236714,
        0.721068515603,
    )
    cases = [
        json.dumps(evaluated({"loss": name, "params": params} | batch))
        for name, pairs in CASES.items()
        for params, batch in pairs
    ]
    print("[\n" + ",\n".join(cases) + "\n]")


if __name__ == "__main__":
    main()
