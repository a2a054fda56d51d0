"""One rank of DistributedDataParallel over Gloo that trains an MLP 32-256-256-2 with focal loss and fused AdamW.

Reads lines of rows per step, steps per epoch, epochs (a fourth word is passed over); answers with rows per second of this rank over all
epochs but the first.
"""

import sys
import time

import torch
import torch.distributed as dist
import torch.nn.functional as F
from torch.nn.parallel import DistributedDataParallel

rank, world, port = (int(argument) for argument in sys.argv[1:4])
torch.set_num_threads(1)
dist.init_process_group("gloo", init_method=f"tcp://127.0.0.1:{port}", rank=rank, world_size=world)


def focal_loss(logits, labels, gamma=2.0):
    log_p = F.log_softmax(logits, dim=1).gather(1, labels.unsqueeze(1)).squeeze(1)
    return (-((1 - log_p.exp()) ** gamma) * log_p).mean()


def rows_per_second(batch, steps, epochs):
    generator = torch.Generator().manual_seed(rank)
    rows = batch * steps
    labels = (torch.arange(rows) % 10 == 0).long()
    features = torch.randn(rows, 32, generator=generator)
    features[:, :4] += labels.unsqueeze(1)
    torch.manual_seed(1)
    network = DistributedDataParallel(
        torch.nn.Sequential(
            torch.nn.Linear(32, 256),
            torch.nn.ReLU(),
            torch.nn.Linear(256, 256),
            torch.nn.ReLU(),
            torch.nn.Linear(256, 2),
        ),
        gradient_as_bucket_view=True,
    )
    optimizer = torch.optim.AdamW(network.parameters(), lr=1e-3, weight_decay=0.01, fused=True)
    start = 0.0
    for epoch in range(epochs):
        if epoch == 1:
            start = time.perf_counter()
        order = torch.randperm(rows, generator=generator)
        for step in range(steps):
            batch_rows = order[step * batch : (step + 1) * batch]
            loss = focal_loss(network(features[batch_rows]), labels[batch_rows])
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
    return rows * (epochs - 1) / (time.perf_counter() - start)


for line in sys.stdin:
    batch, steps, epochs = (int(word) for word in line.split()[:3])
    print(f"> {rows_per_second(batch, steps, epochs)}", flush=True)
