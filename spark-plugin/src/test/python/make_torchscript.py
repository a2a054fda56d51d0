"""Writes small TorchScript files, and how PyTorch trains them, for the tests of TorchScript networks.

    pip install torch
    python3 spark-plugin/src/test/python/make_torchscript.py \
        spark-plugin/src/test/resources/torchscript

Any PyTorch from 2.7 on will do. Every network takes rows of 6 features and gives 3 logits. They are
trained in evaluation mode, as the plugin trains them: batch norm and dropout do not look at the
batch. A loss is that of all rows just before a step.
"""

import copy
import json
import re
import sys
import warnings
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

FEATURES = 6
CLASSES = 3
ROWS = 30
STEPS = 50


class Tied(nn.Module):
    """Two layers with one weight."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(FEATURES, FEATURES)
        self.second = nn.Linear(FEATURES, FEATURES)
        self.second.weight = self.first.weight
        self.head = nn.Linear(FEATURES, CLASSES)

    def forward(self, rows: Tensor) -> Tensor:
        return self.head(torch.tanh(self.second(torch.tanh(self.first(rows)))))


class Normalized(nn.Module):
    """Takes rows of 2 channels of 3 places; has buffers, dropout, and a weight that is not contiguous."""

    def __init__(self) -> None:
        super().__init__()
        self.convolution = nn.Conv1d(2, 4, 2)
        self.norm = nn.BatchNorm1d(4)
        self.drop = nn.Dropout(0.5)
        self.head = nn.Linear(8, CLASSES)
        self.norm.running_mean = torch.linspace(-0.3, 0.3, 4)
        self.norm.running_var = torch.linspace(0.5, 2, 4)
        self.head.weight = nn.Parameter(self.head.weight.detach().t().contiguous().t())

    def forward(self, rows: Tensor) -> Tensor:
        hidden = torch.relu(self.norm(self.convolution(rows)))
        return self.head(self.drop(hidden.flatten(1)))


class ControlFlow(nn.Module):
    """What it computes depends on the values of all rows, of which it needs one."""

    def __init__(self) -> None:
        super().__init__()
        self.entry = nn.Linear(FEATURES, 5)
        self.again = nn.Linear(5, 5)
        self.scale = nn.Parameter(torch.tensor(1.5))
        self.head = nn.Linear(5, CLASSES)

    def forward(self, rows: Tensor) -> Tensor:
        hidden = torch.tanh(self.entry(rows))
        turns = 0
        while turns < 3 and bool(hidden.abs().max() > 0.5):
            hidden = torch.tanh(self.again(hidden))
            turns += 1
        if turns > 1:
            hidden = hidden * self.scale
        else:
            hidden = hidden + 1
        return self.head(hidden)


class Halving(nn.Module):
    """Gives its logits and something else."""

    def __init__(self) -> None:
        super().__init__()
        self.head = nn.Linear(FEATURES, CLASSES)

    def forward(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        logits = self.head(rows)
        return logits, logits / 2


def train(
    network: nn.Module, rows: Tensor, labels: Tensor, frozen: list[str], rates: dict[str, float]
) -> tuple[list[float], list[float]]:
    """The losses of gradient descent with momentum and weight decay, and the logits after it."""
    network = copy.deepcopy(network).eval()
    groups = []
    for name, parameter in network.named_parameters():
        if any(re.fullmatch(pattern, name) for pattern in frozen):
            parameter.requires_grad = False
            continue
        factors = [factor for pattern, factor in rates.items() if re.fullmatch(pattern, name)]
        groups.append({"params": [parameter], "lr": 0.1 * (factors + [1.0])[0]})
    optimizer = torch.optim.SGD(groups, momentum=0.9, weight_decay=0.01)
    losses = []
    for _ in range(STEPS):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(network(rows), labels)
        losses.append(loss.item())
        loss.backward()
        optimizer.step()
    return losses, network(rows).flatten().tolist()


def reference(
    file: str,
    network: nn.Module,
    rows: Tensor,
    labels: Tensor,
    frozen: tuple[str, ...] = (),
    rates: tuple[tuple[str, float], ...] = (),
) -> dict[str, Any]:
    shape = [2, 3] if isinstance(network, Normalized) else [FEATURES]
    losses, logits = train(
        network, rows.reshape(-1, *shape), labels, list(frozen), dict(rates)
    )
    return {
        "file": file,
        "rowShape": shape,
        "frozen": list(frozen),
        "rates": dict(rates),
        "losses": losses,
        "logits": logits,
    }


def main(folder: Path) -> None:
    torch.manual_seed(5)
    labels = torch.arange(ROWS) % CLASSES
    rows = torch.randn(ROWS, FEATURES)
    rows[torch.arange(ROWS), labels] += 1.5

    tied, normalized, control_flow = Tied(), Normalized(), ControlFlow()
    torch.jit.trace(tied, rows).save(folder / "tied.pt")
    # Saved in training mode, in which dropout would act.
    torch.jit.script(normalized).save(folder / "normalized.pt")
    torch.jit.script(control_flow).save(folder / "control_flow.pt")
    torch.jit.freeze(torch.jit.script(Tied().eval())).save(folder / "frozen.pt")
    torch.jit.trace(Tied().bfloat16(), rows.bfloat16()).save(folder / "bfloat16.pt")
    torch.jit.script(Halving()).save(folder / "two_outputs.pt")
    torch.save(tied.state_dict(), folder / "state_dict.pt")
    # Two tensors with the same values in the same place, which are one weight all the same.
    shared = copy.deepcopy(tied)
    shared.second.weight = nn.Parameter(shared.first.weight.data)
    torch.jit.script(shared).save(folder / "shared.pt")

    runs = [
        reference("tied.pt", tied, rows, labels),
        reference("shared.pt", tied, rows, labels),
        reference("normalized.pt", normalized, rows, labels),
        reference("control_flow.pt", control_flow, rows, labels),
        reference(
            "tied.pt",
            tied,
            rows,
            labels,
            frozen=(r"second\.bias",),
            rates=((r"first\..*", 0.1), (r"head\.bias", 3)),
        ),
    ]
    data = {"rows": rows.flatten().tolist(), "labels": labels.tolist(), "runs": runs}
    (folder / "reference.json").write_text(json.dumps(data, indent=1) + "\n")


if __name__ == "__main__":
    warnings.simplefilter("ignore", DeprecationWarning)
    main(Path(sys.argv[1]))
