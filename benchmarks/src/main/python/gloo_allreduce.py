"""One rank of torch.distributed over Gloo; reads "bytes iterations" lines, answers with seconds per all-reduce."""

import sys
import time

import torch
import torch.distributed as dist

rank, world, port = (int(argument) for argument in sys.argv[1:4])
torch.set_num_threads(1)
dist.init_process_group("gloo", init_method=f"tcp://127.0.0.1:{port}", rank=rank, world_size=world)
for line in sys.stdin:
    size, iterations = (int(word) for word in line.split())
    values = torch.zeros(size // 4)
    dist.all_reduce(values)
    start = time.perf_counter()
    for _ in range(iterations):
        dist.all_reduce(values)
    print(f"> {(time.perf_counter() - start) / iterations}", flush=True)
