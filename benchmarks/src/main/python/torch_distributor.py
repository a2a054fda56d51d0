"""TorchDistributor with two local processes that train an MLP 32-256-256-2 with focal loss on a Parquet table.

Takes the table, epochs and the global batch size; answers with the seconds since the process began, the last loss and the phases.
"""

import sys
import time

BEGIN = time.time()


def train(table, epochs, batch):
    import os
    import time

    import numpy as np
    import pyarrow.parquet as pq
    import torch
    import torch.distributed as dist
    import torch.nn.functional as F
    from torch.nn.parallel import DistributedDataParallel

    start = time.time()
    torch.set_num_threads(1)
    dist.init_process_group("gloo")
    rank, world = dist.get_rank(), dist.get_world_size()
    met = time.time()
    # Each process reads its files only.
    files = sorted(os.path.join(table, name) for name in os.listdir(table) if name.endswith(".parquet"))
    frame = pq.ParquetDataset(files[rank::world]).read()
    names = [f"f{i}" for i in range(32)]
    features = torch.from_numpy(np.stack([frame[name].to_numpy() for name in names], axis=1))
    labels = torch.from_numpy(frame["label"].to_numpy()).long()
    del frame
    sums = torch.stack([features.double().sum(0), features.double().pow(2).sum(0)])
    count = torch.tensor([float(len(labels))], dtype=torch.double)
    dist.all_reduce(sums)
    dist.all_reduce(count)
    mean = sums[0] / count
    deviation = (sums[1] / count - mean**2).sqrt()
    features = (features - mean.float()) / deviation.float()
    read = time.time()
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
    own = batch // world
    # As many steps on every rank, or one would wait for ever.
    steps = torch.tensor([len(labels) // own])
    dist.all_reduce(steps, op=dist.ReduceOp.MIN)
    steps = int(steps)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps * epochs)
    total = 0.0
    for _ in range(epochs):
        order = torch.randperm(len(labels))
        total = torch.zeros(())
        for step in range(steps):
            rows = order[step * own : (step + 1) * own]
            log_p = F.log_softmax(network(features[rows]), dim=1).gather(1, labels[rows].unsqueeze(1)).squeeze(1)
            loss = (-((1 - log_p.exp()) ** 2) * log_p).mean()
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            schedule.step()
            total += loss.detach()
    end = time.time()
    dist.destroy_process_group()
    state = {name: value.numpy() for name, value in network.module.state_dict().items()}
    return state, float(total) / steps, met - start, read - met, end - read


if __name__ == "__main__":
    from pyspark.ml.torch.distributor import TorchDistributor
    from pyspark.sql import SparkSession

    table, epochs, batch = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    spark = SparkSession.builder.master("local[2]").config("spark.ui.enabled", False).getOrCreate()
    session = time.time()
    _, loss, meet, read, fit = TorchDistributor(num_processes=2, local_mode=True, use_gpu=False).run(
        train, table, epochs, batch
    )
    end = time.time()
    rest = end - session - meet - read - fit
    print(
        f"> {end - BEGIN:.2f} {loss:.4f} session {session - BEGIN:.1f} s, start processes {rest:.1f} s,"
        f" meet {meet:.1f} s, read {read:.1f} s, train {fit:.1f} s",
        flush=True,
    )
    spark.stop()
