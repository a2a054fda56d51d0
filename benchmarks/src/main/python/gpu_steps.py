"""One process that trains on made-up rows on its device with focal loss and fused AdamW, eagerly or by torch.compile.

Takes "cpu" or "cuda", and "eager" or "compile", then lines: "mlp 0 ROWS STEPS EPOCHS" and "resnet18 SIDE ROWS STEPS EPOCHS" are answered
with rows per second over all epochs but the first, both with "-float16" behind the name by autocast and GradScaler, "focal ROWS CLASSES" with the seconds of focal loss forward and backward,
"sigmoid ROWS CLASSES" with those of torchvision's sigmoid_focal_loss (NaN without torchvision).
"""

import sys
import time

import torch
import torch.nn.functional as F
from torch import nn

device, mode = sys.argv[1:3]
CLASSES = 10


def focal_loss(logits, labels, gamma=2.0):
    log_p = F.log_softmax(logits, dim=1).gather(1, labels.unsqueeze(1)).squeeze(1)
    return (-((1 - log_p.exp()) ** gamma) * log_p).mean()


def made(function):
    # For each size its own code: "dynamic" would make one for all from the second on, a slower one.
    return torch.compile(function, dynamic=False) if mode == "compile" else function


class Residual(nn.Module):
    def __init__(self, inputs, filters, stride):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(inputs, filters, 3, stride, 1, bias=False),
            nn.BatchNorm2d(filters),
            nn.ReLU(inplace=True),
            nn.Conv2d(filters, filters, 3, 1, 1, bias=False),
            nn.BatchNorm2d(filters),
        )
        self.shortcut = nn.Identity()
        if stride != 1 or inputs != filters:
            self.shortcut = nn.Sequential(nn.Conv2d(inputs, filters, 1, stride, bias=False), nn.BatchNorm2d(filters))

    def forward(self, x):
        return F.relu(self.body(x) + self.shortcut(x), inplace=True)


def resnet18(side):
    layers = [nn.Unflatten(1, (3, side, side)), nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64)]
    layers += [nn.ReLU(inplace=True), nn.MaxPool2d(3, 2, 1)]
    inputs = 64
    for filters in (64, 128, 256, 512):
        layers += [Residual(inputs, filters, 1 if filters == 64 else 2), Residual(filters, filters, 1)]
        inputs = filters
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, CLASSES))


def mlp():
    return nn.Sequential(
        nn.Linear(32, 256), nn.ReLU(), nn.Linear(256, 256), nn.ReLU(), nn.Linear(256, CLASSES)
    )


def wait():
    if device == "cuda":
        torch.cuda.synchronize()


def rows_per_second(kind, side, batch, steps, epochs):
    torch.manual_seed(1)
    images = kind.startswith("resnet18")
    half = kind.endswith("-float16")
    network = (resnet18(side) if images else mlp()).to(device)
    rows = batch * steps
    features = torch.randn(rows, 3 * side * side if images else 32, device=device)
    labels = torch.arange(rows, device=device) % CLASSES
    optimizer = torch.optim.AdamW(network.parameters(), lr=1e-3, weight_decay=0.01, fused=True)
    scaler = torch.amp.GradScaler(device, enabled=half)

    def loss_in_precision(x, y):
        with torch.autocast(device, torch.float16, enabled=half):
            logits = network(x)
        return focal_loss(logits.float(), y)

    loss_of = made(loss_in_precision)
    start = 0.0
    for epoch in range(epochs):
        if epoch == 1:
            wait()
            start = time.perf_counter()
        order = torch.randperm(rows, device=device)
        for step in range(steps):
            batch_rows = order[step * batch : (step + 1) * batch]
            loss = loss_of(features[batch_rows], labels[batch_rows])
            optimizer.zero_grad(set_to_none=True)
            scaler.scale(loss).backward()
            scaler.step(optimizer)
            scaler.update()
    wait()
    return rows * (epochs - 1) / (time.perf_counter() - start)


def seconds(loss_of, logits, labels):
    start = 0.0
    for call in range(-20, 20):
        if call == 0:
            wait()
            start = time.perf_counter()
        logits.grad = None
        loss_of(logits, labels).backward()
    wait()
    return (time.perf_counter() - start) / 20


def focal(rows, classes):
    logits = torch.randn(rows, classes, device=device, requires_grad=True)
    return seconds(made(focal_loss), logits, torch.arange(rows, device=device) % classes)


def sigmoid(rows, classes):
    try:
        from torchvision.ops import sigmoid_focal_loss
    except ImportError:
        return "NaN"
    logits = torch.randn(rows, classes, device=device, requires_grad=True)
    targets = F.one_hot(torch.arange(rows, device=device) % classes, classes).float()
    return seconds(made(lambda x, y: sigmoid_focal_loss(x, y, reduction="sum")), logits, targets)


for line in sys.stdin:
    name, *words = line.split()
    numbers = [int(word) for word in words]
    if name == "focal":
        answer = focal(*numbers)
    elif name == "sigmoid":
        answer = sigmoid(*numbers)
    else:
        answer = rows_per_second(name, *numbers)
    print(f"> {answer}", flush=True)
